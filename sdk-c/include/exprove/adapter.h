/* SPDX-License-Identifier: Apache-2.0
 *
 * What a venue adapter implements: bytes of a venue in, normalized events out.
 *
 * An adapter is a shared library that exports one symbol, `exprove_adapter_entry`, and carries a
 * manifest in an ELF section of its own, so that a host can read what it is without running it. It does
 * no I/O, starts no threads, reads no clock and keeps nothing outside its sessions: with the
 * same frames and settings it gives the same events, byte for byte, for ever.
 *
 * Thread and state tags, as written at each function:
 *   [main-thread]      only on the thread that called exprove_adapter_entry
 *   [any-thread]       on any thread, but never twice at once
 *   [session-thread]   on any thread; calls on one session never overlap, sessions are independent
 *   & loaded           between a successful `init` and `deinit`
 *   & active           between a successful `create` and `destroy`
 *
 * XP-A-… are the numbers of sdk-c/RULES.md: every rule with its reason and the conformance check that finds it broken.
 */
#ifndef EXPROVE_ADAPTER_H
#define EXPROVE_ADAPTER_H

#include <exprove/abi.h>
#include <exprove/event.h>

EXPROVE_EXTERN_C_BEGIN

/* --- The manifest -------------------------------------------------------------------------------
 *
 * UTF-8 text, one `key: value` a line, in section `.exprove.manifest`. Keys (* may be repeated):
 *
 *   name          lower-case letters, digits and '-'                       required
 *   version       semantic version 2.0.0                                   required
 *   vendor        who answers for it                                       required
 *   licence       an SPDX expression                                       required
 *   summary       one sentence                                             required
 *   abi           highest ABI version it implements, `1.1`                 required
 *   protocol *    what it decodes, in the venue's words                    required
 *   framing *     `length16`, `line`, `packet`, `message`: what a frame is   required
 *   channel *     `market-data`, `order-entry`                             required
 *   max-events    most events that one frame can give, at most 65536       required
 *   message *     a type name, in the order of the counters                required
 *   extension *   a versioned id that `extension` answers
 *   frame-time    `yes` when the slot `frame_time` is there
 *   setting *     `key type default help…`; type: `integer`, `text`, `choice(a|b)`
 * and from 1.1 on, in manifests that say so in `abi`:
 *   schema *      `key rule value`, more about a setting above it: see exprove.config/1
 *   library *     `NAME sha256:…`, a library beyond XP-A-003's that it needs, and the digest of its file: the host
 *                 refuses another one
 *   needs *       what it cannot do without in a worker's sandbox: `entropy` (getrandom(2)), `early-load` (the sandbox
 *                 stands only after `init`)
 *   memory        most MiB of address space that a session takes, 16 to 65536; 1024 where it is not said
 * A host ignores keys that it does not know when `abi` is later than its own.
 */
#if defined(__GNUC__) || defined(__clang__)
#define EXPROVE_MANIFEST(text)                                                                      \
  __attribute__((used, section(".exprove.manifest"), aligned(1)))                                   \
  static const char exprove_manifest_text[] = "exprove-manifest/1\n" text;
#endif

/* --- The host's side ---------------------------------------------------------------------------*/

typedef struct exprove_host {
  uint32_t struct_size;
  uint32_t abi_version; /* what was negotiated */
  void *cookie;         /* handed back unchanged in each call */
  /* Writes a line to the host's log. `level`: 0 error, 1 warning, 2 note. May be NULL.
   * [session-thread] only while the host is inside a call to the adapter. */
  void (*log)(void *cookie, uint32_t level, const char *text, uint32_t size);
} exprove_host;

typedef enum exprove_framing {
  EXPROVE_FRAMING_LENGTH16 = 1, /* messages behind 2-byte big-endian lengths; a frame is one message */
  EXPROVE_FRAMING_LINE = 2,     /* a frame is one line without its time stamp and line end */
  EXPROVE_FRAMING_PACKET = 3,   /* a frame is one datagram's payload */
  EXPROVE_FRAMING_MESSAGE = 4   /* a frame is one message, however it was carried */
} exprove_framing;

typedef enum exprove_channel {
  EXPROVE_CHANNEL_MARKET_DATA = 1,
  EXPROVE_CHANNEL_ORDER_ENTRY = 2 /* own orders: frames marked OUTBOUND were sent, the others received */
} exprove_channel;

typedef struct exprove_setting {
  const char *key; /* terminated */
  const char *value;
} exprove_setting;

typedef struct exprove_config {
  uint32_t struct_size;
  uint32_t framing;  /* exprove_framing, one that the manifest names */
  uint32_t channel;  /* exprove_channel, one that the manifest names */
  uint32_t settings_count;
  const exprove_setting *settings; /* valid during `create` only */
  int64_t day_start; /* the venue's local midnight, nanoseconds since 1970; 0 when times have a date */
  uint64_t seed;     /* the only entropy there is */
} exprove_config;

/* --- Decoding ----------------------------------------------------------------------------------*/

/* One call's work. The host owns all memory and guarantees that each frame lies within `bytes`,
 * and that event_capacity is at least the manifest's `max-events`. */
typedef struct exprove_batch {
  uint32_t struct_size;
  uint32_t frame_count;
  const uint8_t *bytes;
  uint64_t bytes_size;
  const exprove_frame *frames;
  exprove_event *events;
  uint32_t event_capacity;
  uint32_t frames_used;   /* out: frames consumed, from the first one */
  uint32_t events_filled; /* out */
  uint32_t reserved;
} exprove_batch;

typedef struct exprove_session exprove_session; /* the adapter's own */

typedef struct exprove_adapter {
  uint32_t struct_size; /* in: what the host knows; out: what the adapter filled, not more than that */
  uint32_t abi_version; /* out: what was negotiated */
  const char *manifest; /* out: the bytes of the section, without terminator */
  uint64_t manifest_size;

  /* Once after the entry, before anything else. `host` stays valid until `deinit` returns. On failure
   * text goes to `error` and nothing is left behind. Required. XP-A-201, 202, 107. [main-thread] */
  exprove_status (*init)(const exprove_host *host, exprove_text *error);
  /* Every session was destroyed before. `init` may follow again. Required. [main-thread & loaded] */
  void (*deinit)(void);

  /* A new session, which has seen nothing. Required. XP-A-203 to 205, 207. [any-thread & loaded] */
  exprove_status (*create)(const exprove_config *config, exprove_session **session, exprove_text *error);
  /* NULL is ignored. Required. [session-thread & active] */
  void (*destroy)(exprove_session *session);
  /* Back to the state after `create`. Required. XP-A-206. [session-thread & active] */
  exprove_status (*reset)(exprove_session *session);

  /* Turns frames into events (XP-A-301 to 322, 401 to 415), in order, whole frames only: it stops before a frame whose events do not
   * fit what is left of the capacity, and consumes at least one. `frame` of each event is the index of
   * its frame in `frames`. A frame gives at least one event, its last one flagged LAST; one that
   * cannot be understood gives MALFORMED or UNKNOWN. What the adapter does with a frame depends
   * on the frames before it and on nothing else: not on batch size, capacity, address or clock.
   * EXPROVE_OK unless the call itself was wrong; then nothing is consumed.
   * Required. [session-thread & active] */
  exprove_status (*decode)(exprove_session *session, exprove_batch *batch);

  /* One counter for each `message` of the manifest, in its order: messages seen since create.
   * Writes at most `capacity` values. Part of the saved state. Required. XP-A-407. [session-thread & active] */
  exprove_status (*counters)(const exprove_session *session, uint64_t *values, uint32_t capacity);

  /* The whole state as bytes, the same bytes for the same state. EXPROVE_TOO_SMALL sets `size`.
   * Required. XP-A-502, 503. [session-thread & active] */
  exprove_status (*save)(const exprove_session *session, uint8_t *out, uint64_t capacity, uint64_t *size);
  /* Takes up a saved state in a session of the same configuration; EXPROVE_BAD_DATA leaves the session as
   * after `reset`. Saved bytes are hostile. Required. XP-A-501. [session-thread & active] */
  exprove_status (*load)(exprove_session *session, const uint8_t *bytes, uint64_t size);

  /* An extension's table by its versioned id, NULL for an unknown one. Optional. XP-A-108. [any-thread & loaded] */
  const void *(*extension)(const char *id);

  /* The venue's own time of each frame, nanoseconds since 1970, INT64_MIN for a frame without one: for captures that
   * have no receive times. Reads only the frame and the configuration. Optional, announced by
   * `frame-time: yes`. XP-A-106, 408. [session-thread & active] */
  exprove_status (*frame_time)(const exprove_session *session, const uint8_t *bytes, uint64_t bytes_size,
                               const exprove_frame *frames, uint32_t frame_count, int64_t *times);
} exprove_adapter;

/* The one exported symbol. Fills `adapter` for `abi_version`, or returns EXPROVE_NOT_IMPLEMENTED, and the
 * host asks for an older one. XP-A-101 to 105. [main-thread] */
EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter);

EXPROVE_EXTERN_C_END

#include <exprove/extensions.h>

#endif /* EXPROVE_ADAPTER_H */
