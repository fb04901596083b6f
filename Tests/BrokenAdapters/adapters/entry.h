/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest and the entry of the base adapter, with whatever a broken adapter put in their place.
 */
#ifndef MANIFEST_NAME
#define MANIFEST_NAME "base"
#endif
#ifndef MANIFEST_MORE
#define MANIFEST_MORE ""
#endif
#ifndef MANIFEST_ABI
#define MANIFEST_ABI "1.0"
#endif
#ifndef MANIFEST_MAX_EVENTS
#define MANIFEST_MAX_EVENTS "4"
#endif
#ifndef SLOT_INIT
#define SLOT_INIT base_init
#endif
#ifndef SLOT_DEINIT
#define SLOT_DEINIT base_deinit
#endif
#ifndef SLOT_CREATE
#define SLOT_CREATE base_create
#endif
#ifndef SLOT_DESTROY
#define SLOT_DESTROY base_destroy
#endif
#ifndef SLOT_RESET
#define SLOT_RESET base_reset
#endif
#ifndef SLOT_DECODE
#define SLOT_DECODE base_decode
#endif
#ifndef SLOT_COUNTERS
#define SLOT_COUNTERS base_counters
#endif
#ifndef SLOT_SAVE
#define SLOT_SAVE base_save
#endif
#ifndef SLOT_LOAD
#define SLOT_LOAD base_load
#endif
#ifndef SLOT_EXTENSION
#define SLOT_EXTENSION base_extension
#endif
#ifndef SLOT_FRAME_TIME
#define SLOT_FRAME_TIME base_frame_time
#endif
#ifndef ENCODE
#define ENCODE base_encode
#endif
#ifndef ENTRY
#define ENTRY base_entry
#endif

#define MANIFEST_TEXT                                                                                                  \
  "name: " MANIFEST_NAME "\nversion: 1.0.0\nvendor: ExProve tests\nlicence: Apache-2.0\n"                              \
  "summary: A made-up venue.\nabi: " MANIFEST_ABI "\nprotocol: Made-up 1\nframing: length16\nframing: message\n"       \
  "channel: market-data\nchannel: order-entry\nmax-events: " MANIFEST_MAX_EVENTS "\n"                                  \
  "message: S\nmessage: A\nmessage: E\nmessage: D\nmessage: Q\nmessage: H\n"                                           \
  "message: N\nmessage: C\nmessage: R\nmessage: K\nmessage: J\nmessage: X\nmessage: F\nmessage: P\nmessage: B\n"      \
  "extension: exprove.order_entry/1\nframe-time: yes\n"                                                              \
  "setting: depth integer 10 has no effect\n" MANIFEST_MORE
EXPROVE_MANIFEST(MANIFEST_TEXT)

static inline const void *base_extension(const char *id) {
  static const exprove_order_entry_v1 table = {sizeof table, 34, ENCODE};
  return id && strcmp(id, EXPROVE_EXTENSION_ORDER_ENTRY_1) == 0 ? &table : NULL;
}

static inline exprove_status base_entry(uint32_t abi_version, exprove_adapter *adapter) {
  if (abi_version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
  uint32_t size = adapter->struct_size < sizeof *adapter ? adapter->struct_size : (uint32_t)sizeof *adapter;
  if (size < offsetof(exprove_adapter, extension)) return EXPROVE_INVALID_ARGUMENT;
  exprove_adapter table = {
    .struct_size = size, .abi_version = abi_version, .manifest = exprove_manifest_text,
    .manifest_size = sizeof exprove_manifest_text - 1, .init = SLOT_INIT, .deinit = SLOT_DEINIT,
    .create = SLOT_CREATE, .destroy = SLOT_DESTROY, .reset = SLOT_RESET, .decode = SLOT_DECODE,
    .counters = SLOT_COUNTERS, .save = SLOT_SAVE, .load = SLOT_LOAD, .extension = SLOT_EXTENSION,
    .frame_time = SLOT_FRAME_TIME};
  memcpy(adapter, &table, size);
  return EXPROVE_OK;
}

exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  return ENTRY(abi_version, adapter);
}
