/* SPDX-License-Identifier: Apache-2.0
 *
 * An adapter in C++17: a class that decodes one frame, and this layer does what else adapter.h asks for. Header-only.
 *
 *   #include <exprove/adapter.hpp>
 *   EXPROVE_MANIFEST("name: my-venue\n" …)
 *   struct feed {
 *     explicit feed(const exprove::configuration &config);                    optional: or without arguments
 *     void decode(const exprove::frame &frame, exprove::events &out);
 *     template <class Archive> void state(Archive &io) { io(…); }             what later frames depend on
 *     int64_t frame_time(const exprove::frame &frame) const;                  optional; manifest: `frame-time: yes`
 *     exprove_status encode(const exprove_order_request &, std::string &out) const;      optional: order_entry/1
 *     void capabilities(exprove_order_capabilities &out) const;               optional, with `encode`
 *     void health(exprove_health &report) const;                              optional: what only the session knows
 *   };
 *   EXPROVE_ADAPTER(feed)
 *
 * Framings, channels, settings with their types and schema, messages and max-events are taken from the manifest. The
 * ids that it names among config/1, health/1, instruments/1 and order_entry/1 are answered. Frames that give no event
 * give a NOTICE. Exceptions end here: `malformed` and `unknown` become events, `failure` its status, the rest
 * EXPROVE_INTERNAL; a session that threw anything but the first two is not used again.
 *
 * Change the session's own members last: what `decode` threw after takes back events and names, not those.
 * Compile with -fvisibility=hidden -fno-gnu-unique, link with libstdc++ and nothing else (XP-A-002, 003, 007).
 */
#ifndef EXPROVE_ADAPTER_HPP
#define EXPROVE_ADAPTER_HPP

#include <exprove/configuration.hpp>
#include <exprove/output.hpp>

#include <new>
#include <optional>

namespace exprove {

template <class Session, const char *Manifest, size_t ManifestSize>
class boundary {
  /* What stands behind the pointer that the host holds. */
  struct instance {
    explicit instance(configuration given) : config(std::move(given)), counters(manifest().count("message")) { renew(); }

    void renew() {
      session.reset();
      if constexpr (std::is_constructible_v<Session, const configuration &>) {
        session.emplace(std::as_const(config));
      } else {
        session.emplace();
      }
      known = names();
      counters.assign(counters.size(), 0);
      report = exprove_health{};
      report.last_event_time = INT64_MIN;
      has_failed = false;
    }
    template <class Archive>
    void state(Archive &io) {
      io(known);
      for (uint64_t &counter : counters) io(counter);
      session->state(io);
    }

    configuration config;
    std::vector<uint64_t> counters;
    std::optional<Session> session;
    names known;
    exprove_health report{};
    uint32_t max_events = static_cast<uint32_t>(integer(manifest().value("max-events")));
    bool has_failed = false;
  };

  static manifest_text manifest() { return manifest_text(std::string_view(Manifest, ManifestSize)); }
  static instance *open(exprove_session *session) { return reinterpret_cast<instance *>(session); }
  static const instance *open(const exprove_session *session) { return reinterpret_cast<const instance *>(session); }

  static void say(exprove_text *error, std::string_view text) noexcept {
    if (error == nullptr) return;
    size_t size = error->data == nullptr ? 0 : text.size() < error->capacity ? text.size() : error->capacity;
    while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) size--;
    if (size > 0) std::memcpy(error->data, text.data(), size);
    error->size = static_cast<uint32_t>(size);
  }
  /* Runs `body`, which returns a status, and lets nothing out. */
  template <class Body>
  static exprove_status guarded(exprove_text *error, Body body) noexcept {
    try {
      return body();
    } catch (const failure &thrown) {
      say(error, thrown.what());
      return thrown.status();
    } catch (const malformed &) {
      say(error, "a value that its type forbids");
      return EXPROVE_INVALID_ARGUMENT;
    } catch (const std::bad_alloc &) {
      return EXPROVE_OUT_OF_MEMORY;
    } catch (const std::exception &thrown) {
      say(error, thrown.what());
      return EXPROVE_INTERNAL;
    } catch (...) {
      return EXPROVE_INTERNAL;
    }
  }

  /* --- The table's slots ---*/

  static exprove_status init(const exprove_host *host, exprove_text *error) noexcept {
    if (host != nullptr && EXPROVE_COVERS(exprove_host, abi_version, host->struct_size) &&
        EXPROVE_ABI_MAJOR(host->abi_version) == 1) {
      return EXPROVE_OK;
    }
    say(error, "host: none, or one that speaks no ABI 1");
    return EXPROVE_NOT_IMPLEMENTED;
  }
  static void deinit() noexcept {}

  static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) noexcept {
    if (session == nullptr) return EXPROVE_INVALID_ARGUMENT;
    *session = nullptr;
    return guarded(error, [&]() -> exprove_status {
      *session = reinterpret_cast<exprove_session *>(new instance(configuration(config, manifest())));
      return EXPROVE_OK;
    });
  }
  static void destroy(exprove_session *session) noexcept { delete open(session); }
  static exprove_status reset(exprove_session *session) noexcept {
    return guarded(nullptr, [&]() -> exprove_status { return open(session)->renew(), EXPROVE_OK; });
  }

  static void tally(exprove_health &report, const events &out) {
    report.frames++;
    for (uint32_t i = 0; i < out.filled(); i++) {
      const exprove_event &event = out[i];
      if (event.kind == EXPROVE_KIND_MALFORMED) report.malformed++;
      if (event.kind == EXPROVE_KIND_UNKNOWN) report.unknown++;
      if (event.kind == EXPROVE_KIND_GAP) {
        report.gaps++;
        report.missing += event.aux;
        report.sequence_state = EXPROVE_SEQUENCE_BROKEN;
      } else if (event.venue_sequence != 0 && event.kind != EXPROVE_KIND_TEXT) {
        report.next_sequence = event.venue_sequence + 1;
        if (report.sequence_state == EXPROVE_SEQUENCE_NONE) report.sequence_state = EXPROVE_SEQUENCE_INTACT;
      }
      if ((event.flags & EXPROVE_FLAG_NO_EVENT_TIME) == 0) report.last_event_time = event.event_time;
    }
  }
  static uint32_t decode_frame(instance &self, const frame &bytes, exprove_event *out, uint32_t index) {
    events given(out, self.max_events, index, self.known, self.counters);
    try {
      self.session->decode(bytes, given);
    } catch (const malformed &thrown) {
      given.refuse(EXPROVE_KIND_MALFORMED, static_cast<uint16_t>(thrown.reason), thrown.at);
    } catch (const unknown &thrown) {
      given.refuse(EXPROVE_KIND_UNKNOWN, 0, thrown.code);
    }
    given.close();
    tally(self.report, given);
    return given.filled();
  }
  static exprove_status decode(exprove_session *session, exprove_batch *batch) noexcept {
    if (session == nullptr || batch == nullptr || batch->struct_size < sizeof *batch) return EXPROVE_INVALID_ARGUMENT;
    instance &self = *open(session);
    uint32_t used = 0, filled = 0;
    batch->frames_used = batch->events_filled = 0;
    if (self.has_failed) return EXPROVE_INTERNAL;
    if (batch->event_capacity < self.max_events) return EXPROVE_INVALID_ARGUMENT;
    exprove_status status = guarded(nullptr, [&]() -> exprove_status {
      for (; used < batch->frame_count && batch->event_capacity - filled >= self.max_events; used++) {
        const exprove_frame &f = batch->frames[used];
        if (f.data > batch->bytes_size || f.length > batch->bytes_size - f.data) return EXPROVE_INVALID_ARGUMENT;
        filled += decode_frame(self, frame(batch->bytes + f.data, f.length, f.flags), batch->events + filled, used);
      }
      return EXPROVE_OK;
    });
    self.has_failed = status != EXPROVE_OK;
    batch->frames_used = used;
    batch->events_filled = filled;
    return used > 0 ? EXPROVE_OK : status;
  }

  static exprove_status counters(const exprove_session *session, uint64_t *values, uint32_t capacity) noexcept {
    const std::vector<uint64_t> &all = open(session)->counters;
    for (size_t i = 0; i < all.size() && i < capacity; i++) values[i] = all[i];
    return EXPROVE_OK;
  }

  /* FNV-1a, so that a state that was damaged by chance is refused as a whole. */
  static uint64_t checksum(const uint8_t *data, size_t size) {
    uint64_t value = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < size; i++) value = (value ^ data[i]) * UINT64_C(0x100000001B3);
    return value;
  }
  static exprove_status save(const exprove_session *session, uint8_t *out, uint64_t capacity, uint64_t *size) noexcept {
    return guarded(nullptr, [&]() -> exprove_status {
      state_writer writer, end;
      writer(std::string(manifest().value("name")), *open(session));
      const std::vector<uint8_t> &body = writer.written();
      end(checksum(body.data(), body.size()));
      *size = body.size() + end.written().size();
      if (capacity < *size) return EXPROVE_TOO_SMALL;
      std::memcpy(out, body.data(), body.size());
      std::memcpy(out + body.size(), end.written().data(), end.written().size());
      return EXPROVE_OK;
    });
  }
  static exprove_status load(exprove_session *session, const uint8_t *bytes, uint64_t size) noexcept {
    instance &self = *open(session);
    exprove_status status = guarded(nullptr, [&]() -> exprove_status {
      self.renew();
      if (size < sizeof(uint64_t)) return EXPROVE_BAD_DATA;
      size_t body = static_cast<size_t>(size) - sizeof(uint64_t);
      uint64_t sum = 0;
      state_reader(bytes + body, sizeof sum)(sum);
      if (sum != checksum(bytes, body)) return EXPROVE_BAD_DATA;
      state_reader reader(bytes, body);
      std::string name;
      reader(name);
      state_reader::demand(name == manifest().value("name"));
      reader(self);
      state_reader::demand(reader.left() == 0);
      return EXPROVE_OK;
    });
    if (status == EXPROVE_OK) return status;
    exprove_status renewed = reset(session);
    if (renewed != EXPROVE_OK) return renewed;
    return status == EXPROVE_OUT_OF_MEMORY ? status : EXPROVE_BAD_DATA;
  }

  /* --- What a session may have besides ---*/

  template <class S, class = void>
  struct tells_time : std::false_type {};
  template <class S>
  struct tells_time<S, std::void_t<decltype(std::declval<const S &>().frame_time(std::declval<const frame &>()))>>
      : std::true_type {};
  template <class S, class = void>
  struct sends : std::false_type {};
  template <class S>
  struct sends<S, std::void_t<decltype(std::declval<const S &>().encode(std::declval<const exprove_order_request &>(),
                                                                        std::declval<std::string &>()))>>
      : std::true_type {};
  template <class S, class = void>
  struct tells_capabilities : std::false_type {};
  template <class S>
  struct tells_capabilities<
      S, std::void_t<decltype(std::declval<const S &>().capabilities(std::declval<exprove_order_capabilities &>()))>>
      : std::true_type {};
  template <class S, class = void>
  struct tells_health : std::false_type {};
  template <class S>
  struct tells_health<S, std::void_t<decltype(std::declval<const S &>().health(std::declval<exprove_health &>()))>>
      : std::true_type {};

  static exprove_status frame_time(const exprove_session *session, const uint8_t *bytes, uint64_t bytes_size,
                                   const exprove_frame *frames, uint32_t frame_count, int64_t *times) noexcept {
    for (uint32_t i = 0; i < frame_count; i++) {
      times[i] = INT64_MIN;
      if (frames[i].data > bytes_size || frames[i].length > bytes_size - frames[i].data) return EXPROVE_INVALID_ARGUMENT;
      if constexpr (tells_time<Session>::value) {
        (void)guarded(nullptr, [&]() -> exprove_status {
          frame one(bytes + frames[i].data, frames[i].length, frames[i].flags);
          times[i] = open(session)->session->frame_time(one);
          return EXPROVE_OK;
        });
      }
    }
    (void)session;
    return EXPROVE_OK;
  }

  /* A record for the host: as much of it as both sides know. */
  template <class Record>
  static exprove_status hand_over(Record record, Record *out) noexcept {
    if (out == nullptr || out->struct_size < sizeof out->struct_size) return EXPROVE_INVALID_ARGUMENT;
    record.struct_size = out->struct_size < sizeof record ? out->struct_size : static_cast<uint32_t>(sizeof record);
    std::memcpy(out, &record, record.struct_size);
    return EXPROVE_OK;
  }
  static exprove_status health(const exprove_session *session, exprove_health *out) noexcept {
    exprove_health report = open(session)->report;
    if constexpr (tells_health<Session>::value) {
      exprove_status status = guarded(
          nullptr, [&]() -> exprove_status { return open(session)->session->health(report), EXPROVE_OK; });
      if (status != EXPROVE_OK) return status;
    }
    return hand_over(report, out);
  }
  static exprove_status page(const exprove_session *session, uint32_t first, void *records, uint32_t stride,
                             uint32_t capacity, uint32_t *filled, uint32_t *total) noexcept {
    const auto &all = open(session)->known.instruments();
    *filled = 0;
    *total = static_cast<uint32_t>(all.size());
    for (uint32_t i = first; i < all.size() && *filled < capacity; i++) {
      exprove_instrument_record record{};
      record.instrument = i;
      record.text = all[i].text;
      record.tick = all[i].tick;
      record.round_lot = all[i].round_lot;
      record.quantity_scale = all[i].quantity_scale;
      record.status = all[i].status;
      char *to = static_cast<char *>(records) + static_cast<size_t>(*filled) * stride;
      std::memcpy(to, &record, stride < sizeof record ? stride : sizeof record);
      ++*filled;
    }
    return EXPROVE_OK;
  }
  static exprove_status check(const exprove_config *config, exprove_text *error) noexcept {
    return guarded(error, [&]() -> exprove_status {
      instance tried(configuration(config, manifest()));
      return EXPROVE_OK;
    });
  }
  static exprove_status encode(const exprove_session *session, const exprove_order_request *request, uint8_t *out,
                               uint32_t capacity, uint32_t *size, exprove_text *error) noexcept {
    return guarded(error, [&]() -> exprove_status {
      exprove_order_request whole{};
      if (request->struct_size < offsetof(exprove_order_request, order_type)) return EXPROVE_INVALID_ARGUMENT;
      std::memcpy(&whole, request, request->struct_size < sizeof whole ? request->struct_size : sizeof whole);
      std::string bytes;
      exprove_status status = EXPROVE_NOT_IMPLEMENTED;
      if constexpr (sends<Session>::value) status = open(session)->session->encode(whole, bytes);
      if (status != EXPROVE_OK) return status;
      *size = static_cast<uint32_t>(bytes.size());
      if (capacity < bytes.size()) return EXPROVE_TOO_SMALL;
      std::memcpy(out, bytes.data(), bytes.size());
      return EXPROVE_OK;
    });
  }
  static exprove_status capabilities(const exprove_session *session, exprove_order_capabilities *out) noexcept {
    exprove_order_capabilities record{};
    exprove_status status = guarded(nullptr, [&]() -> exprove_status {
      if constexpr (tells_capabilities<Session>::value) {
        open(session)->session->capabilities(record);
        return EXPROVE_OK;
      }
      return (void)session, EXPROVE_NOT_IMPLEMENTED;
    });
    return status == EXPROVE_OK ? hand_over(record, out) : status;
  }

  static const void *extension(const char *id) noexcept {
    static constexpr exprove_config_v1 config = {sizeof config, 0, check};
    static constexpr exprove_health_v1 report = {sizeof report, 0, health};
    static constexpr exprove_instruments_v1 instruments = {sizeof instruments, sizeof(exprove_instrument_record), page};
    static constexpr exprove_order_entry_v1 orders = {sizeof orders, 65536, encode,
                                                      tells_capabilities<Session>::value ? capabilities : nullptr};
    std::string_view asked = id == nullptr ? "" : id;
    if (asked.empty() || !manifest().names("extension", asked)) return nullptr;
    if (asked == EXPROVE_EXTENSION_CONFIG_1) return &config;
    if (asked == EXPROVE_EXTENSION_HEALTH_1) return &report;
    if (asked == EXPROVE_EXTENSION_INSTRUMENTS_1) return &instruments;
    if (sends<Session>::value && asked == EXPROVE_EXTENSION_ORDER_ENTRY_1) return &orders;
    return nullptr;
  }

 public:
  /* Fills the table for ABI 1.0 and 1.1. An older host knows fewer slots, and gets those. */
  static exprove_status entry(uint32_t version, exprove_adapter *adapter) noexcept {
    if (version != EXPROVE_ABI_VERSION_1_0 && version != EXPROVE_ABI_VERSION_1_1) return EXPROVE_NOT_IMPLEMENTED;
    if (adapter == nullptr || adapter->struct_size < offsetof(exprove_adapter, extension)) {
      return EXPROVE_INVALID_ARGUMENT;
    }
    exprove_adapter table = {0, version, Manifest, ManifestSize, init, deinit, create, destroy, reset, decode, counters,
                             save, load, extension, tells_time<Session>::value ? frame_time : nullptr};
    uint32_t size = adapter->struct_size < sizeof table ? adapter->struct_size : static_cast<uint32_t>(sizeof table);
    table.struct_size = size - size % static_cast<uint32_t>(sizeof(void *)); /* whole slots */
    std::memcpy(adapter, &table, table.struct_size);
    return EXPROVE_OK;
  }
};

}  // namespace exprove

/* The one exported symbol, for a class of sessions. */
#define EXPROVE_ADAPTER(Session)                                                                                     \
  extern "C" EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {   \
    return exprove::boundary<Session, exprove_manifest_text, sizeof exprove_manifest_text - 1>::entry(abi_version,   \
                                                                                                     adapter);       \
  }

#endif /* EXPROVE_ADAPTER_HPP */
