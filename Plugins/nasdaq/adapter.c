/* SPDX-License-Identifier: Apache-2.0
 *
 * The adapter's manifest, its entry and the life of its sessions. Nothing is kept outside them.
 */
#include <stdlib.h>

#include "nasdaq.h"

/* Counters: ITCH by its own letters; OUCH as `ouch>X` for what was sent and `ouch:X` for what came back. */
EXPROVE_MANIFEST(
    "name: nasdaq-itch50\n"
    "version: 1.0.0\n"
    "vendor: ExProve\n"
    "licence: Apache-2.0\n"
    "summary: Nasdaq TotalView-ITCH 5.0 market data and OUCH 4.2 order entry.\n"
    "abi: 1.1\n"
    "protocol: Nasdaq TotalView-ITCH 5.0\n"
    "protocol: MoldUDP64 1.00\n"
    "protocol: Nasdaq OUCH 4.2\n"
    "framing: length16\n"
    "framing: packet\n"
    "framing: message\n"
    "channel: market-data\n"
    "channel: order-entry\n"
    "max-events: " MAX_EVENTS_TEXT "\n"
    "message: S\nmessage: R\nmessage: H\nmessage: Y\nmessage: L\nmessage: V\nmessage: W\nmessage: K\n"
    "message: J\nmessage: h\nmessage: A\nmessage: F\nmessage: E\nmessage: C\nmessage: X\nmessage: D\n"
    "message: U\nmessage: P\nmessage: Q\nmessage: B\nmessage: I\nmessage: N\nmessage: O\n"
    "message: ouch>O\nmessage: ouch>U\nmessage: ouch>X\nmessage: ouch>M\nmessage: ouch>N\n"
    "message: ouch:S\nmessage: ouch:A\nmessage: ouch:U\nmessage: ouch:C\nmessage: ouch:D\n"
    "message: ouch:E\nmessage: ouch:G\nmessage: ouch:F\nmessage: ouch:B\nmessage: ouch:J\n"
    "message: ouch:P\nmessage: ouch:I\nmessage: ouch:T\nmessage: ouch:M\n"
    "extension: " EXPROVE_EXTENSION_ORDER_ENTRY_1 "\n"
    "extension: " EXPROVE_EXTENSION_SNAPSHOT_1 "\n"
    "extension: " EXPROVE_EXTENSION_INSTRUMENTS_1 "\n"
    "extension: " EXPROVE_EXTENSION_CONFIG_1 "\n"
    "extension: " EXPROVE_EXTENSION_HEALTH_1 "\n"
    "frame-time: yes\n"
    "setting: market choice(Q|B|X) Q whose operational halts are this venue's: Nasdaq, BX or PSX\n")

static void say(exprove_text *error, const char *text) {
  if (error == NULL) return;
  size_t size = strlen(text);
  if (size > error->capacity || error->data == NULL) size = error->data == NULL ? 0 : error->capacity;
  if (size > 0) memcpy(error->data, text, size);
  error->size = (uint32_t)size;
}

static exprove_status init(const exprove_host *host, exprove_text *error) {
  if (host == NULL || host->struct_size < offsetof(exprove_host, abi_version) + sizeof host->abi_version) {
    say(error, "host: no table, or one too short to hold the ABI version");
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (EXPROVE_ABI_MAJOR(host->abi_version) != 1) {
    say(error, "abi_version: this adapter speaks ABI 1");
    return EXPROVE_NOT_IMPLEMENTED;
  }
  return EXPROVE_OK;
}

static void deinit(void) {}

static exprove_status read_settings(const exprove_config *config, uint8_t *market, exprove_text *error) {
  *market = 'Q';
  for (uint32_t i = 0; i < config->settings_count; i++) {
    const exprove_setting *setting = &config->settings[i];
    if (setting->key == NULL || setting->value == NULL || strcmp(setting->key, "market") != 0) {
      say(error, "settings: only `market` is known");
      return EXPROVE_INVALID_ARGUMENT;
    }
    const char *value = setting->value;
    if ((value[0] != 'Q' && value[0] != 'B' && value[0] != 'X') || value[1] != 0) {
      say(error, "setting market: must be Q, B or X");
      return EXPROVE_INVALID_ARGUMENT;
    }
    *market = (uint8_t)value[0];
  }
  return EXPROVE_OK;
}

static exprove_status check_config(const exprove_config *config, exprove_text *error) {
  if (config == NULL || config->struct_size < sizeof *config ||
      (config->settings_count > 0 && config->settings == NULL)) {
    say(error, "config: missing, or shorter than ABI 1.0 has it");
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (config->day_start < 0 || config->day_start > INT64_MAX - (int64_t)DAY_NANOSECONDS) {
    say(error, "day_start: the day must lie after 1970 and fit 64-bit nanoseconds");
    return EXPROVE_INVALID_ARGUMENT;
  }
  int known = config->channel == EXPROVE_CHANNEL_MARKET_DATA || config->channel == EXPROVE_CHANNEL_ORDER_ENTRY;
  switch (config->framing) {
  case EXPROVE_FRAMING_LENGTH16:
  case EXPROVE_FRAMING_MESSAGE: break;
  case EXPROVE_FRAMING_PACKET:
    known = known && config->channel == EXPROVE_CHANNEL_MARKET_DATA;
    break;
  default: known = 0; break;
  }
  if (known) return EXPROVE_OK;
  say(error, "framing, channel: market data comes as length16, packet or message, order entry as length16 or message");
  return EXPROVE_NOT_IMPLEMENTED;
}

static exprove_status check(const exprove_config *config, exprove_text *error) {
  uint8_t market;
  exprove_status status = check_config(config, error);
  return status == EXPROVE_OK ? read_settings(config, &market, error) : status;
}

static void destroy(exprove_session *s) {
  if (s == NULL) return;
  free(s->orders);
  free(s->order_index);
  free(s);
}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  if (session == NULL) return EXPROVE_INVALID_ARGUMENT;
  *session = NULL;
  exprove_status status = check_config(config, error);
  if (status != EXPROVE_OK) return status;
  exprove_session *s = calloc(1, sizeof *s);
  if (s == NULL) return EXPROVE_OUT_OF_MEMORY;
  s->framing = config->framing;
  s->channel = config->channel;
  s->day_start = config->day_start;
  s->seed = config->seed;
  nasdaq_clear(s);
  status = read_settings(config, &s->market, error);
  if (status == EXPROVE_OK && s->channel == EXPROVE_CHANNEL_ORDER_ENTRY) {
    s->orders = calloc(MAX_ORDERS, sizeof *s->orders);
    s->order_index = calloc(ORDER_BUCKETS, sizeof *s->order_index);
    if (s->orders == NULL || s->order_index == NULL) status = EXPROVE_OUT_OF_MEMORY;
  }
  if (status != EXPROVE_OK) {
    destroy(s);
    return status;
  }
  *session = s;
  return EXPROVE_OK;
}

static exprove_status reset(exprove_session *s) {
  if (s == NULL) return EXPROVE_INVALID_ARGUMENT;
  nasdaq_clear(s);
  return EXPROVE_OK;
}

static exprove_status decode(exprove_session *s, exprove_batch *batch) {
  if (s == NULL || batch == NULL || batch->struct_size < sizeof *batch) return EXPROVE_INVALID_ARGUMENT;
  batch->frames_used = 0;
  batch->events_filled = 0;
  if (batch->frame_count == 0) return EXPROVE_OK;
  if (batch->frames == NULL || batch->events == NULL || (batch->bytes == NULL && batch->bytes_size > 0) ||
      batch->event_capacity < MAX_EVENTS) {
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (s->channel == EXPROVE_CHANNEL_ORDER_ENTRY) {
    nasdaq_decode_ouch(s, batch);
  } else if (s->framing == EXPROVE_FRAMING_PACKET) {
    nasdaq_decode_packets(s, batch);
  } else {
    nasdaq_decode_stream(s, batch);
  }
  s->health.frames += batch->frames_used;
  for (uint32_t i = batch->events_filled; i > 0; i--) { /* the last one has a time, as a rule */
    if (batch->events[i - 1].flags & EXPROVE_FLAG_NO_EVENT_TIME) continue;
    s->health.last_event_time = batch->events[i - 1].event_time;
    break;
  }
  return EXPROVE_OK;
}

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  if (s == NULL || (values == NULL && capacity > 0)) return EXPROVE_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < COUNTERS && i < capacity; i++) values[i] = s->counts[i];
  return EXPROVE_OK;
}

static const void *extension(const char *id) {
  static const exprove_config_v1 config = {.struct_size = sizeof config, .check = check};
  if (id == NULL) return NULL;
  if (strcmp(id, EXPROVE_EXTENSION_ORDER_ENTRY_1) == 0) return &nasdaq_order_entry;
  if (strcmp(id, EXPROVE_EXTENSION_SNAPSHOT_1) == 0) return &nasdaq_snapshot;
  if (strcmp(id, EXPROVE_EXTENSION_INSTRUMENTS_1) == 0) return &nasdaq_instruments;
  if (strcmp(id, EXPROVE_EXTENSION_CONFIG_1) == 0) return &config;
  return strcmp(id, EXPROVE_EXTENSION_HEALTH_1) == 0 ? &nasdaq_health : NULL;
}

static exprove_status frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                 const exprove_frame *frames, uint32_t frame_count, int64_t *times) {
  if (s == NULL || (frame_count > 0 && (frames == NULL || times == NULL || (bytes == NULL && bytes_size > 0)))) {
    return EXPROVE_INVALID_ARGUMENT;
  }
  for (uint32_t i = 0; i < frame_count; i++) {
    const uint8_t *p = bytes + frames[i].data;
    uint32_t length = frames[i].length;
    times[i] = s->channel == EXPROVE_CHANNEL_ORDER_ENTRY ? nasdaq_ouch_time(s, p, length, frames[i].flags)
               : s->framing == EXPROVE_FRAMING_PACKET    ? nasdaq_packet_time(s, p, length)
                                                         : nasdaq_itch_time(s, p, length);
  }
  return EXPROVE_OK;
}

EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  if (abi_version != EXPROVE_ABI_VERSION_1_0 && abi_version != EXPROVE_ABI_VERSION_1_1) return EXPROVE_NOT_IMPLEMENTED;
  if (adapter == NULL) return EXPROVE_INVALID_ARGUMENT;
  exprove_adapter table = {
      .abi_version = abi_version,
      .manifest = exprove_manifest_text,
      .manifest_size = sizeof exprove_manifest_text - 1,
      .init = init,
      .deinit = deinit,
      .create = create,
      .destroy = destroy,
      .reset = reset,
      .decode = decode,
      .counters = counters,
      .save = nasdaq_save,
      .load = nasdaq_load,
      .extension = extension,
      .frame_time = frame_time,
  };
  /* A host of another build may know fewer slots; a slot is filled whole or not at all. */
  uint32_t known = adapter->struct_size;
  if (known >= sizeof table) {
    table.struct_size = sizeof table;
  } else if (known >= offsetof(exprove_adapter, frame_time)) {
    table.struct_size = offsetof(exprove_adapter, frame_time);
  } else if (known >= offsetof(exprove_adapter, extension)) {
    table.struct_size = offsetof(exprove_adapter, extension);
  } else {
    return EXPROVE_INVALID_ARGUMENT;
  }
  memcpy(adapter, &table, table.struct_size);
  return EXPROVE_OK;
}
