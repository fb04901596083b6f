/* SPDX-License-Identifier: Apache-2.0
 *
 * What a frame becomes, in C++17: events, the names that they refer to, and the venue's sequence numbers.
 */
#ifndef EXPROVE_OUTPUT_HPP
#define EXPROVE_OUTPUT_HPP

#include <exprove/state.hpp>

namespace exprove {

/* The texts and instruments that a session has introduced, numbered from 0. */
class names {
 public:
  struct instrument {
    uint32_t text = 0;
    uint32_t quantity_scale = 0;
    int64_t tick = 0;
    int64_t round_lot = 0;
    uint32_t status = EXPROVE_TRADING_UNKNOWN;

    template <class Archive>
    void state(Archive &io) {
      io(text, quantity_scale, tick, round_lot, status);
      if constexpr (Archive::is_reading) {
        io.demand(quantity_scale <= EXPROVE_MAX_QUANTITY_SCALE && tick >= 0 && round_lot >= 0);
        io.demand(status <= EXPROVE_TRADING_RESTRICTED);
      }
    }
  };
  static constexpr size_t most = 65536;
  static constexpr uint32_t none = EXPROVE_NO_INSTRUMENT;

  const std::vector<instrument> &instruments() const noexcept { return instruments_; }
  const std::string &text(uint32_t id) const { return texts_.at(id); }
  uint32_t find_text(std::string_view text) const {
    auto found = ids_.find(text);
    return found == ids_.end() ? none : found->second;
  }
  /* The number of the instrument with this symbol, or `none`. */
  uint32_t find(std::string_view symbol) const {
    uint32_t id = find_text(symbol);
    return id == none ? none : instrument_of_[id];
  }

  template <class Archive>
  void state(Archive &io) {
    io(texts_, instruments_);
    if constexpr (Archive::is_reading) {
      Archive::demand(texts_.size() <= most && instruments_.size() <= most);
      for (const std::string &text : texts_) {
        Archive::demand(is_utf8(text) && text.size() <= 4096);
        Archive::demand(ids_.emplace(text, static_cast<uint32_t>(ids_.size())).second);
      }
      instrument_of_.assign(texts_.size(), none);
      for (size_t i = 0; i < instruments_.size(); i++) {
        uint32_t id = instruments_[i].text;
        Archive::demand(id < texts_.size() && instrument_of_[id] == none);
        instrument_of_[id] = static_cast<uint32_t>(i);
      }
    }
  }

 private:
  friend class events;
  uint32_t add_text(std::string_view text) {
    uint32_t id = static_cast<uint32_t>(texts_.size());
    texts_.emplace_back(text);
    instrument_of_.push_back(none);
    ids_.emplace(texts_.back(), id);
    return id;
  }
  uint32_t add(const instrument &definition) {
    uint32_t number = static_cast<uint32_t>(instruments_.size());
    instruments_.push_back(definition);
    instrument_of_[definition.text] = number;
    return number;
  }
  void cut(size_t texts, size_t instruments) {
    while (instruments_.size() > instruments) {
      instrument_of_[instruments_.back().text] = none;
      instruments_.pop_back();
    }
    while (texts_.size() > texts) {
      ids_.erase(texts_.back());
      instrument_of_.pop_back();
      texts_.pop_back();
    }
  }

  std::vector<std::string> texts_;
  std::map<std::string, uint32_t, std::less<>> ids_;
  std::vector<uint32_t> instrument_of_; /* by text */
  std::vector<instrument> instruments_;
};

/* The events of one frame, in order. Thrown `malformed` takes back what was put since the last gap. */
class events {
 public:
  events(exprove_event *out, uint32_t room, uint32_t frame, names &known, std::vector<uint64_t> &counters)
      : out_(out), room_(room), frame_(frame), names_(known), counters_(counters) {
    keep();
  }

  /* The venue's time of all that follows; until then events say that they have none. */
  void at(int64_t time) {
    time_ = time;
    has_time_ = true;
  }
  /* The venue's number of the message at hand. */
  void sequence(uint64_t number) { sequence_ = number; }
  /* The message counts: its place among the manifest's `message` lines, from 0. Not when the frame is malformed. */
  void count(uint32_t message) { message_ = message; }

  /* An event that has time, sequence and instrument; the rest is zero and yours. */
  exprove_event &put(exprove_kind kind, uint32_t instrument = EXPROVE_NO_INSTRUMENT) {
    if (instrument != EXPROVE_NO_INSTRUMENT && instrument >= names_.instruments_.size()) {
      throw malformed{EXPROVE_MALFORMED_REFERENCE, 0};
    }
    exprove_event &event = slot();
    event.kind = static_cast<uint8_t>(kind);
    event.instrument = instrument;
    event.venue_sequence = sequence_;
    return event;
  }
  /* The text's id; a new text is introduced. `at`: where it stands in the frame. */
  uint32_t text(std::string_view text, uint64_t at = 0) {
    uint32_t id = names_.find_text(text);
    if (id != names::none) return id;
    if (!is_utf8(text)) throw malformed{EXPROVE_MALFORMED_FIELD, at};
    if (text.size() > 4096) throw malformed{EXPROVE_MALFORMED_LONG, at};
    if (names_.texts_.size() >= names::most) throw malformed{EXPROVE_MALFORMED_TOO_MANY, at};
    id = static_cast<uint32_t>(names_.texts_.size());
    for (size_t from = 0;; from += EXPROVE_TEXT_BYTES) {
      std::string_view piece = text.substr(from, EXPROVE_TEXT_BYTES);
      exprove_event &event = slot();
      exprove_event_text record;
      std::memcpy(&record, &event, sizeof record);
      if (!piece.empty()) std::memcpy(record.bytes, piece.data(), piece.size());
      record.text_id = id;
      record.kind = EXPROVE_KIND_TEXT;
      record.level = static_cast<uint16_t>(piece.size());
      std::memcpy(&event, &record, sizeof event);
      if (piece.size() < EXPROVE_TEXT_BYTES) break;
    }
    return names_.add_text(text);
  }
  /* The number of the instrument with this symbol; a new one is introduced. One that was introduced with another scale,
   * tick or lot is malformed. */
  uint32_t instrument(std::string_view symbol, unsigned quantity_scale = 0, int64_t tick = 0, int64_t round_lot = 0,
                      uint64_t at = 0) {
    uint32_t number = names_.find(symbol);
    if (number != names::none) {
      const names::instrument &known = names_.instruments_[number];
      if (known.quantity_scale != quantity_scale || known.tick != tick || known.round_lot != round_lot) {
        throw malformed{EXPROVE_MALFORMED_FIELD, at};
      }
      return number;
    }
    if (quantity_scale > EXPROVE_MAX_QUANTITY_SCALE || tick < 0 || round_lot < 0) {
      throw malformed{EXPROVE_MALFORMED_RANGE, at};
    }
    if (names_.instruments_.size() >= names::most) throw malformed{EXPROVE_MALFORMED_TOO_MANY, at};
    uint32_t id = text(symbol, at);
    exprove_event &event = slot();
    event.kind = EXPROVE_KIND_INSTRUMENT;
    event.venue_sequence = sequence_;
    event.instrument = static_cast<uint32_t>(names_.instruments_.size());
    event.aux = id;
    event.level = static_cast<uint16_t>(quantity_scale);
    event.price = tick;
    event.quantity = round_lot;
    names::instrument definition;
    definition.text = id;
    definition.quantity_scale = quantity_scale;
    definition.tick = tick;
    definition.round_lot = round_lot;
    return names_.add(definition);
  }
  void status(uint32_t instrument, exprove_trading_status status, uint64_t venue_code) {
    exprove_event &event = put(EXPROVE_KIND_STATUS, instrument);
    event.level = static_cast<uint16_t>(status);
    event.aux = venue_code;
    if (instrument != EXPROVE_NO_INSTRUMENT) names_.instruments_[instrument].status = status;
  }
  /* `how_many` messages from `first` on are missing, 0 when that is not known. Stays, even when the frame is malformed. */
  void gap(uint64_t first, uint64_t how_many, uint32_t instrument = EXPROVE_NO_INSTRUMENT) {
    if (room_ - filled_ < 2) throw malformed{EXPROVE_MALFORMED_TOO_MANY, 0}; /* the frame itself follows */
    exprove_event &event = put(EXPROVE_KIND_GAP, instrument);
    event.venue_sequence = first;
    event.aux = how_many;
    event.flags |= EXPROVE_FLAG_LAST;
    keep();
  }
  void notice(std::string_view venue_code) { put(EXPROVE_KIND_NOTICE).aux = code(venue_code); }

  /* --- For the boundary ---*/

  uint32_t filled() const noexcept { return filled_; }
  const exprove_event &operator[](uint32_t index) const { return out_[index]; }
  void refuse(exprove_kind kind, uint16_t level, uint64_t aux) {
    names_.cut(kept_texts_, kept_instruments_);
    filled_ = kept_;
    message_ = names::none;
    exprove_event &event = slot(); /* there is room: `gap` leaves some */
    event.kind = static_cast<uint8_t>(kind);
    event.level = level;
    event.aux = aux;
    event.venue_sequence = sequence_;
  }
  void close() {
    if (filled_ == 0) put(EXPROVE_KIND_NOTICE);
    out_[filled_ - 1].flags |= EXPROVE_FLAG_LAST;
    if (message_ < counters_.size()) counters_[message_]++;
  }

 private:
  exprove_event &slot() {
    if (filled_ >= room_) throw malformed{EXPROVE_MALFORMED_TOO_MANY, 0};
    exprove_event &event = out_[filled_++];
    std::memset(&event, 0, sizeof event);
    event.instrument = EXPROVE_NO_INSTRUMENT;
    event.frame = frame_;
    event.event_time = has_time_ ? time_ : 0;
    event.flags = has_time_ ? 0 : EXPROVE_FLAG_NO_EVENT_TIME;
    return event;
  }
  void keep() {
    kept_ = filled_;
    kept_texts_ = names_.texts_.size();
    kept_instruments_ = names_.instruments_.size();
  }

  exprove_event *out_;
  uint32_t room_, frame_, filled_ = 0, kept_ = 0, message_ = names::none;
  size_t kept_texts_ = 0, kept_instruments_ = 0;
  int64_t time_ = 0;
  uint64_t sequence_ = 0;
  bool has_time_ = false;
  names &names_;
  std::vector<uint64_t> &counters_;
};

/* A venue's sequence numbers, one by one. */
class sequence {
 public:
  /* Takes the number of the message at hand, wherever the first one begins. False: the message was there before, which a
   * NOTICE says. What is missing becomes a GAP. A step of more than 2^32 is a broken number. */
  bool take(uint64_t number, events &out, uint64_t at = 0) {
    if (number == 0 || number == UINT64_MAX || (next_ != 0 && number > next_ && number - next_ > UINT32_MAX)) {
      throw malformed{EXPROVE_MALFORMED_RANGE, at};
    }
    out.sequence(number);
    if (next_ != 0 && number < next_) {
      out.notice("REPEAT");
      return false;
    }
    if (next_ != 0 && number > next_) out.gap(next_, number - next_);
    next_ = number + 1;
    return true;
  }
  uint64_t next() const noexcept { return next_; }
  template <class Archive>
  void state(Archive &io) {
    io(next_);
  }

 private:
  uint64_t next_ = 0;
};

}  // namespace exprove

#endif /* EXPROVE_OUTPUT_HPP */
