/* SPDX-License-Identifier: Apache-2.0
 *
 * The adapter's table, its manifest, and the loop over the frames of a batch.
 */
#include "session.h"

#include "include/binance_adapter.h"


EXPROVE_MANIFEST(
    "name: binance\n"
    "version: " BINANCE_ADAPTER_VERSION "\n"
    "vendor: ExProve\n"
    "licence: Apache-2.0\n"
    "summary: Binance spot and USD-M futures, websocket streams, REST depth and the WebSocket order API.\n"
    "abi: 1.1\n"
    "protocol: Binance Spot WebSocket streams, user data stream and WebSocket API\n"
    "protocol: Binance USD-M Futures WebSocket streams, user data stream and WebSocket API\n"
    "framing: line\n"
    "framing: message\n"
    "channel: market-data\n"
    "channel: order-entry\n"
    "max-events: 20480\n"
    "message: depthUpdate\n"
    "message: trade\n"
    "message: aggTrade\n"
    "message: bookTicker\n"
    "message: snapshot\n"
    "message: executionReport\n"
    "message: ORDER_TRADE_UPDATE\n"
    "message: order.place\n"
    "message: order.cancel\n"
    "message: order.cancelReplace\n"
    "message: order.modify\n"
    "message: request\n"
    "message: response\n"
    "message: subscription\n"
    "message: account\n"
    "extension: " EXPROVE_EXTENSION_ORDER_ENTRY_1 "\n"
    "extension: " EXPROVE_EXTENSION_SNAPSHOT_1 "\n"
    "extension: " EXPROVE_EXTENSION_INSTRUMENTS_1 "\n"
    "extension: " EXPROVE_EXTENSION_CONFIG_1 "\n"
    "extension: " EXPROVE_EXTENSION_HEALTH_1 "\n"
    "setting: symbol text auto the instrument of a REST snapshot, which names none; auto: the only one seen\n"
    "schema: symbol length 0..32\n"
    "setting: market choice(spot|usdm) spot which of Binance's markets: its order requests and error codes\n"
    "setting: trades choice(trade|aggTrade) trade which of the two trade streams counts for volume\n")

static exprove_status adapter_init(const exprove_host *host, exprove_text *error) {
  if (!host || host->struct_size < sizeof *host) {
    error_text(error, "no host was given");
    return EXPROVE_INVALID_ARGUMENT;
  }
  return EXPROVE_OK;
}

static void adapter_deinit(void) {}

static exprove_status invalid(exprove_text *error, const char *text) {
  error_text(error, text);
  return EXPROVE_INVALID_ARGUMENT;
}

static exprove_status apply_setting(exprove_session *s, const exprove_setting *setting, exprove_text *error) {
  if (!setting->key || !setting->value) return invalid(error, "a setting without key or value");
  const char *key = setting->key, *value = setting->value;
  if (strcmp(key, "market") == 0) {
    if (strcmp(value, "spot") != 0 && strcmp(value, "usdm") != 0) return invalid(error, "market: spot or usdm");
    s->market = value[0] == 'u' ? MARKET_USDM : MARKET_SPOT;
  } else if (strcmp(key, "trades") == 0) {
    if (strcmp(value, "trade") != 0 && strcmp(value, "aggTrade") != 0)
      return invalid(error, "trades: trade or aggTrade");
    s->volume = value[0] == 't' ? MESSAGE_TRADE : MESSAGE_AGG_TRADE;
  } else if (strcmp(key, "symbol") == 0) {
    size_t n = strlen(value);
    s->symbol_size = 0;
    if (n == 0 || strcmp(value, "auto") == 0) return EXPROVE_OK;
    if (n > sizeof s->symbol || !scan_utf8((const uint8_t *)value, (uint32_t)n))
      return invalid(error, "symbol: at most 32 bytes of UTF-8");
    memcpy(s->symbol, value, n);
    s->symbol_size = (uint32_t)n;
  } else {
    return invalid(error, "unknown setting; there are symbol, market, trades");
  }
  return EXPROVE_OK;
}

static exprove_status check_config(const exprove_config *config, exprove_text *error) {
  if (!config || config->struct_size < sizeof *config) return invalid(error, "no configuration was given");
  if (config->framing != EXPROVE_FRAMING_LINE && config->framing != EXPROVE_FRAMING_MESSAGE)
    return invalid(error, "framing: line or message");
  if (config->channel != EXPROVE_CHANNEL_MARKET_DATA && config->channel != EXPROVE_CHANNEL_ORDER_ENTRY)
    return invalid(error, "channel: market-data or order-entry");
  return EXPROVE_OK;
}

static exprove_status adapter_create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  if (!session) return invalid(error, "no room for a session was given");
  *session = NULL;
  exprove_status status = check_config(config, error);
  if (status != EXPROVE_OK) return status;
  exprove_session *s = calloc(1, sizeof *s);
  if (!s) {
    error_text(error, "out of memory");
    return EXPROVE_OUT_OF_MEMORY;
  }
  s->seed = config->seed;
  s->market = MARKET_SPOT;
  s->volume = MESSAGE_TRADE;
  s->recent = NONE;
  s->health.last_event_time = INT64_MIN;
  for (uint32_t i = 0; i < config->settings_count; i++) {
    status = apply_setting(s, &config->settings[i], error);
    if (status == EXPROVE_OK) continue;
    free(s);
    return status;
  }
  *session = s;
  return EXPROVE_OK;
}

static void adapter_destroy(exprove_session *s) {
  if (!s) return;
  session_clear(s);
  free(s);
}

/* Whether `create` would take it: a session is made and thrown away. */
static exprove_status adapter_check(const exprove_config *config, exprove_text *error) {
  exprove_session *s = NULL;
  exprove_status status = adapter_create(config, &s, error);
  adapter_destroy(s);
  return status;
}

static exprove_status adapter_reset(exprove_session *s) {
  session_clear(s);
  return EXPROVE_OK;
}

static exprove_status adapter_decode(exprove_session *s, exprove_batch *batch) {
  if (!s || !batch || batch->struct_size < sizeof *batch) return EXPROVE_INVALID_ARGUMENT;
  batch->frames_used = batch->events_filled = 0;
  for (uint32_t i = 0; i < batch->frame_count; i++)
    if ((uint64_t)batch->frames[i].data + batch->frames[i].length > batch->bytes_size) return EXPROVE_INVALID_ARGUMENT;
  const uint8_t *limit = batch->bytes + batch->bytes_size;
  struct sink out = {batch->events, batch->event_capacity, 0};
  enum outcome outcome = OUTCOME_DONE;
  uint32_t i = 0;
  for (; i < batch->frame_count; i++) {
    const exprove_frame *frame = &batch->frames[i];
    out.frame = i;
    outcome = OUTCOME_FAULT;
    if (LIKELY(frame_parse(&s->frame, batch->bytes + frame->data, frame->length, limit)))
      outcome = dispatch(s, frame->flags, &out);
    if (UNLIKELY(outcome == OUTCOME_FAULT)) {
      if (out.room == 0) break;
      exprove_event *e = put(&out, EXPROVE_KIND_MALFORMED, 0, EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME,
                             EXPROVE_NO_INSTRUMENT);
      s->health.malformed++;
      e->level = (uint16_t)s->frame.scan.fault;
      e->aux = s->frame.scan.at;
    } else if (UNLIKELY(outcome != OUTCOME_DONE)) {
      break;
    } else if (UNLIKELY(out.at[-1].kind == EXPROVE_KIND_UNKNOWN)) {
      s->health.unknown++;
    }
  }
  s->health.frames += i;
  for (uint32_t left = batch->event_capacity - out.room; left > 0; left--) {
    if (batch->events[left - 1].flags & EXPROVE_FLAG_NO_EVENT_TIME) continue;
    s->health.last_event_time = batch->events[left - 1].event_time;
    break;
  }
  batch->frames_used = i;
  batch->events_filled = batch->event_capacity - out.room;
  if (i == 0 && batch->frame_count) return outcome == OUTCOME_MEMORY ? EXPROVE_OUT_OF_MEMORY : EXPROVE_INVALID_ARGUMENT;
  return EXPROVE_OK;
}

static exprove_status adapter_counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < MESSAGE_COUNT && i < capacity; i++) values[i] = s->counters[i];
  return EXPROVE_OK;
}

static const void *adapter_extension(const char *id) {
  static const exprove_config_v1 config = {.struct_size = sizeof config, .check = adapter_check};
  if (!id) return NULL;
  if (strcmp(id, EXPROVE_EXTENSION_ORDER_ENTRY_1) == 0) return &binance_order_entry;
  if (strcmp(id, EXPROVE_EXTENSION_SNAPSHOT_1) == 0) return &binance_snapshot;
  if (strcmp(id, EXPROVE_EXTENSION_INSTRUMENTS_1) == 0) return &binance_instruments;
  if (strcmp(id, EXPROVE_EXTENSION_CONFIG_1) == 0) return &config;
  return strcmp(id, EXPROVE_EXTENSION_HEALTH_1) == 0 ? &binance_health : NULL;
}

exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  EXPROVE_STATIC_ASSERT(MAX_EVENTS == 20480, the_manifest_says_so);
  if (abi_version != EXPROVE_ABI_VERSION_1_0 && abi_version != EXPROVE_ABI_VERSION_1_1) return EXPROVE_NOT_IMPLEMENTED;
  if (!adapter || adapter->struct_size < offsetof(exprove_adapter, extension)) return EXPROVE_INVALID_ARGUMENT;
  exprove_adapter table;
  memset(&table, 0, sizeof table);
  table.struct_size = adapter->struct_size < sizeof table ? adapter->struct_size : (uint32_t)sizeof table;
  table.abi_version = abi_version;
  table.manifest = exprove_manifest_text;
  table.manifest_size = sizeof exprove_manifest_text - 1;
  table.init = adapter_init;
  table.deinit = adapter_deinit;
  table.create = adapter_create;
  table.destroy = adapter_destroy;
  table.reset = adapter_reset;
  table.decode = adapter_decode;
  table.counters = adapter_counters;
  table.save = session_save;
  table.load = session_load;
  table.extension = adapter_extension;
  memcpy(adapter, &table, table.struct_size);
  return EXPROVE_OK;
}
