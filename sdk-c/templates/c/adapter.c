/* SPDX-License-Identifier: Apache-2.0
 *
 * The adapter: its manifest, its entry, the life of its sessions and their saved state. What is particular to the
 * venue stands in feed.c. XP-A-… are the numbers of ExProve's rules for adapters.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

EXPROVE_MANIFEST(
    "name: my-venue\n"
    "version: 0.1.0\n"
    "vendor: Vendor\n"
    "licence: Apache-2.0\n"
    "summary: Market data of my-venue.\n"
    "abi: 1.1\n"
    "protocol: my-venue feed 1\n"
    "framing: length16\n"
    "framing: message\n"
    "channel: market-data\n"
    "frame-time: yes\n"
    "max-events: 4\n"
    "message: D\nmessage: A\nmessage: E\nmessage: X\nmessage: T\nmessage: S\n")

/* --- Decoding: whole frames only, as long as the room is certain to do -----------------------------------------*/

static exprove_status decode(exprove_session *s, exprove_batch *batch) {
  if (batch->struct_size < sizeof *batch || batch->event_capacity < MAX_EVENTS) return EXPROVE_INVALID_ARGUMENT;
  uint32_t used = 0, filled = 0;
  for (; used < batch->frame_count && batch->event_capacity - filled >= MAX_EVENTS; used++) {
    const exprove_frame *frame = &batch->frames[used];
    exprove_event *out = batch->events + filled;
    uint32_t count = feed_decode(s, batch->bytes + frame->data, frame->length, out);
    for (uint32_t i = 0; i < count; i++) out[i].frame = used;
    out[count - 1].flags |= EXPROVE_FLAG_LAST;
    filled += count;
  }
  batch->frames_used = used;
  batch->events_filled = filled;
  return EXPROVE_OK;
}

static exprove_status frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                 const exprove_frame *frames, uint32_t frame_count, int64_t *times) {
  (void)bytes_size;
  for (uint32_t i = 0; i < frame_count; i++) times[i] = feed_time(s, bytes + frames[i].data, frames[i].length);
  return EXPROVE_OK;
}

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < MESSAGES && i < capacity; i++) values[i] = s->counts[i];
  return EXPROVE_OK;
}

/* --- State: everything that later frames could depend on, equal bytes for equal states --------------------------*/

static const char mark[8] = {'S', 'T', 'A', 'T', 'E', '0', '0', '1'};
enum { HEAD = sizeof mark + 8 * MESSAGES + 8, EACH = 2 + 1 + 4 + SYMBOL_SIZE };

static exprove_status save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  *size = HEAD + (uint64_t)s->count * EACH;
  if (capacity < *size) return EXPROVE_TOO_SMALL;
  memcpy(out, mark, sizeof mark);
  memcpy(out + sizeof mark, s->counts, sizeof s->counts);
  memcpy(out + HEAD - 8, &s->next, 8);
  uint8_t *p = out + HEAD;
  for (uint32_t i = 0; i < s->count; i++, p += EACH) {
    memcpy(p, &s->instruments[i].id, 2);
    p[2] = s->instruments[i].scale;
    memcpy(p + 3, &s->instruments[i].tick, 4);
    memcpy(p + 7, s->instruments[i].symbol, SYMBOL_SIZE);
  }
  return EXPROVE_OK;
}

static exprove_status reset(exprove_session *s) {
  int64_t day_start = s->day_start;
  free(s->instruments);
  memset(s, 0, sizeof *s);
  s->day_start = day_start;
  return EXPROVE_OK;
}

/* Saved bytes are hostile: what decoding guarantees is asked of them. */
static exprove_status load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  reset(s);
  if (size < HEAD || (size - HEAD) % EACH != 0 || memcmp(bytes, mark, sizeof mark) != 0) return EXPROVE_BAD_DATA;
  for (const uint8_t *p = bytes + HEAD; p < bytes + size; p += EACH) {
    instrument one = {.scale = p[2]};
    memcpy(&one.id, p, 2);
    memcpy(&one.tick, p + 3, 4);
    memcpy(one.symbol, p + 7, SYMBOL_SIZE);
    int is_sound = one.scale <= EXPROVE_MAX_QUANTITY_SCALE && feed_symbol_size(one.symbol) > 0 && s->number_of[one.id] == 0;
    if (!is_sound || !feed_enter(s, &one)) {
      reset(s);
      return is_sound ? EXPROVE_OUT_OF_MEMORY : EXPROVE_BAD_DATA;
    }
  }
  memcpy(s->counts, bytes + sizeof mark, sizeof s->counts);
  memcpy(&s->next, bytes + HEAD - 8, 8);
  return EXPROVE_OK;
}

/* --- A session's life, and the entry ----------------------------------------------------------------------------*/

static exprove_status say(exprove_text *error, exprove_status status, const char *text) {
  if (error == NULL) return status;
  size_t size = strlen(text);
  error->size = size < error->capacity ? (uint32_t)size : error->capacity;
  if (error->size > 0) memcpy(error->data, text, error->size);
  return status;
}

static exprove_status init(const exprove_host *host, exprove_text *error) {
  if (EXPROVE_COVERS(exprove_host, abi_version, host->struct_size) && EXPROVE_ABI_MAJOR(host->abi_version) == 1) {
    return EXPROVE_OK;
  }
  return say(error, EXPROVE_NOT_IMPLEMENTED, "this adapter speaks ABI 1");
}
static void deinit(void) {}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  *session = NULL;
  if (config->struct_size < sizeof *config) return say(error, EXPROVE_INVALID_ARGUMENT, "the configuration is cut");
  if (config->settings_count > 0) return say(error, EXPROVE_INVALID_ARGUMENT, "there are no settings");
  int is_offered = (config->framing == EXPROVE_FRAMING_LENGTH16 || config->framing == EXPROVE_FRAMING_MESSAGE) &&
                   config->channel == EXPROVE_CHANNEL_MARKET_DATA;
  if (!is_offered) return say(error, EXPROVE_NOT_IMPLEMENTED, "market data in messages, and nothing else");
  int is_day = config->day_start >= 0 && config->day_start <= INT64_MAX - DAY;
  if (!is_day) return say(error, EXPROVE_INVALID_ARGUMENT, "day_start must lie between 1970 and 2262");
  *session = calloc(1, sizeof **session);
  if (*session == NULL) return EXPROVE_OUT_OF_MEMORY;
  (*session)->day_start = config->day_start;
  return EXPROVE_OK;
}

static void destroy(exprove_session *s) {
  if (s != NULL) free(s->instruments);
  free(s);
}

/* The one exported symbol. An older host knows fewer slots, and gets those. */
EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  if (abi_version != EXPROVE_ABI_VERSION_1_1 && abi_version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
  exprove_adapter table = {
      .abi_version = abi_version,
      .manifest = exprove_manifest_text, .manifest_size = sizeof exprove_manifest_text - 1,
      .init = init, .deinit = deinit, .create = create, .destroy = destroy, .reset = reset, .decode = decode,
      .counters = counters, .save = save, .load = load, .frame_time = frame_time};
  uint32_t size = adapter->struct_size < sizeof table ? adapter->struct_size : (uint32_t)sizeof table;
  table.struct_size = size -= size % (uint32_t)sizeof(void *); /* whole slots */
  if (size < offsetof(exprove_adapter, extension)) return EXPROVE_INVALID_ARGUMENT;
  memcpy(adapter, &table, size);
  return EXPROVE_OK;
}
