/* SPDX-License-Identifier: Apache-2.0
 *
 * Books, after "How to manage a local order book correctly" of the spot and of the USD-M documentation.
 *
 * A host may get the stream before the snapshot, as the procedure wants it. Updates are given out at once, and the
 * latest ones are kept; a snapshot gives CLEAR, its levels, and once more the kept updates that it does not contain, all
 * in one group. Updates that the book already contains (u at or below what was given out) become a NOTICE.
 *
 *   spot    U must be the previous u + 1; ids are counted one by one, so a gap has a size
 *   USD-M   pu must be the previous u; ids belong to all symbols, so a gap has none (aux 0)
 *
 * USD-M's text says to drop u < lastUpdateId, spot's u <= lastUpdateId. The update with u = lastUpdateId says nothing
 * that the snapshot does not, so it is dropped on both, and the first one kept need only have pu (or U - 1) at or below
 * lastUpdateId: on USD-M no id of this symbol lies between pu and U.
 */
#include "session.h"

struct depth {
  struct name name;
  struct update update;
  uint16_t flags; /* NO_EVENT_TIME */
};

static void put_levels(struct sink *out, const exprove_event *model, const struct level *levels, uint32_t count,
                       uint8_t side) {
  exprove_event e = *model, *to = out->at;
  e.side = side;
  for (uint32_t i = 0; i < count; i++) {
    e.price = levels[i].price;
    e.quantity = levels[i].quantity;
    to[i] = e;
  }
  out->at += count;
  out->room -= count;
}

/* The bids, then the asks, as levels of `instrument` said at `time` by message `sequence`. */
static void put_sides(struct sink *out, uint32_t instrument, int64_t time, uint16_t flags, uint64_t sequence,
                      const struct level *bids, const struct level *asks, const uint32_t count[2]) {
  exprove_event model;
  memset(&model, 0, sizeof model);
  model.event_time = time;
  model.venue_sequence = sequence;
  model.instrument = instrument;
  model.frame = out->frame;
  model.kind = EXPROVE_KIND_LEVEL;
  model.flags = flags;
  put_levels(out, &model, bids, count[0], EXPROVE_SIDE_BUY);
  put_levels(out, &model, asks, count[1], EXPROVE_SIDE_SELL);
}

static void put_gap(struct sink *out, uint32_t instrument, int64_t time, uint16_t flags, uint64_t first,
                    uint64_t count) {
  exprove_event *e = put(out, EXPROVE_KIND_GAP, time, flags, instrument);
  e->venue_sequence = first;
  e->aux = count;
}

static enum outcome put_notice(struct sink *out, uint32_t instrument, const struct depth *d, const char *code) {
  exprove_event *e = put(out, EXPROVE_KIND_NOTICE, d->update.time, d->flags | EXPROVE_FLAG_LAST, instrument);
  e->venue_sequence = d->update.last;
  e->aux = ascii_code((const uint8_t *)code, (uint32_t)strlen(code));
  return OUTCOME_DONE;
}

/* Both sides must be there as levels; their fault is the one that the scanner met. */
static int sides(struct exprove_session *s, const struct table *m, unsigned bids, unsigned asks, uint32_t count[2]) {
  const unsigned slots[2] = {bids, asks};
  for (unsigned i = 0; i < 2; i++) {
    const struct token *token = frame_token(m, slots[i]);
    if (LIKELY(token && token->type == TOKEN_LEVELS)) continue;
    if (token && token->type == TOKEN_ARRAY && s->frame.level_fault)
      fault(s, s->frame.level_fault, s->frame.level_at);
    else
      fault(s, EXPROVE_MALFORMED_FIELD, token ? token->at : m->at);
    return 0;
  }
  count[0] = s->frame.count[0];
  count[1] = s->frame.count[1];
  return 1;
}

static int depth_fields(struct exprove_session *s, const struct table *m, struct depth *d) {
  uint64_t first;
  struct update *u = &d->update;
  d->flags = 0;
  if (!field_symbol(s, m, SLOT('s'), &d->name)) return 0;
  if (!field_integer(s, m, SLOT('U'), &first) || !field_integer(s, m, SLOT('u'), &u->last)) return 0;
  if (!field_time(s, m, frame_token(m, SLOT('T')) ? SLOT('T') : SLOT('E'), &u->time)) return 0;
  if (first == 0 || first > u->last) {
    fault(s, EXPROVE_MALFORMED_FIELD, m->token[SLOT('U')].at);
    return 0;
  }
  u->before = first - 1;
  if (s->market == MARKET_USDM || frame_token(m, SLOT_pu)) {
    if (!field_integer(s, m, SLOT_pu, &u->before)) return 0;
    if (u->before >= u->last) {
      fault(s, EXPROVE_MALFORMED_FIELD, m->token[SLOT_pu].at);
      return 0;
    }
  }
  return sides(s, m, SLOT('b'), SLOT('a'), u->count);
}

enum outcome depth_update(struct exprove_session *s, const struct table *m, struct sink *out) {
  struct depth d;
  if (!depth_fields(s, m, &d)) return OUTCOME_FAULT;
  const struct update *u = &d.update;
  const struct level *bids = s->frame.level + s->frame.first[0], *asks = s->frame.level + s->frame.first[1];
  uint32_t is_new = d.name.instrument == NONE, levels = u->count[0] + u->count[1];
  struct instrument fresh, *book = is_new ? &fresh : &s->instruments[d.name.instrument];
  if (is_new) memset(&fresh, 0, sizeof fresh);
  int stale = book->known && u->last <= book->tip, gap = book->known && u->before > book->tip;
  uint32_t need = (d.name.text == NONE) + is_new + (stale || !levels ? 1 : levels) + (gap ? 1 : 0);
  if (need > out->room) return OUTCOME_FULL;
  enum outcome room = names_room(s, d.name.text == NONE, is_new, m->token[SLOT('s')].at);
  if (room != OUTCOME_DONE) return room;
  if (!is_new) book = &s->instruments[d.name.instrument];
  if (!stale && !book_reserve(book, levels)) return OUTCOME_MEMORY;

  s->counters[MESSAGE_DEPTH_UPDATE]++;
  uint32_t number = instrument_define(s, &d.name, out, u->time, 0);
  if (is_new) {
    fresh.text = s->instruments[number].text;
    s->instruments[number] = fresh;
    book = &s->instruments[number];
  }
  if (stale) return put_notice(out, number, &d, "STALE");
  book->dense = !frame_token(m, SLOT_pu);
  if (gap) {
    uint64_t missing = book->dense ? u->before - book->tip : 0;
    put_gap(out, number, u->time, 0, book->tip + 1, missing);
    s->health.gaps++;
    s->health.missing += missing;
    book->synced = 0;
    book_forget(book);
  }
  book->known = book->updated = 1;
  book->tip = u->last;
  book_keep(book, u, bids, asks);
  if (!levels) return put_notice(out, number, &d, "EMPTY");
  put_sides(out, number, u->time, 0, u->last, bids, asks, u->count);
  out->at[-1].flags |= EXPROVE_FLAG_LAST;
  return OUTCOME_DONE;
}

/* `name` and the levels in the frame are what stood at `last`. */
static enum outcome snapshot(struct exprove_session *s, const struct table *m, struct depth *d, int partial,
                             struct sink *out) {
  const uint64_t last = d->update.last;
  const uint32_t is_new = d->name.instrument == NONE;
  struct instrument *book = is_new ? NULL : &s->instruments[d->name.instrument];
  uint32_t first = 0, replayed = 0, skipped = 0;
  int behind = book && book->known && last < book->tip, joined = 1;
  if (behind) {
    const struct update *updates = book->updates + book->update_first;
    for (; first < book->update_count && updates[first].last <= last; first++)
      skipped += updates[first].count[0] + updates[first].count[1];
    joined = first < book->update_count && updates[first].before <= last;
    replayed = book->level_count - skipped;
  }
  /* Nothing is gained by a snapshot that is older than all that is kept, or by the top of a book that is known. */
  int useless = (behind && !joined && book->synced) || (partial && book && book->updated);
  uint32_t need = (d->name.text == NONE) + is_new + 1;
  if (!useless) need += d->update.count[0] + d->update.count[1] + replayed + (joined ? 0 : 1);
  if (need > out->room) return OUTCOME_FULL;
  enum outcome room = names_room(s, d->name.text == NONE, is_new, m->at);
  if (room != OUTCOME_DONE) return room;

  s->counters[MESSAGE_SNAPSHOT]++;
  const uint16_t flags = d->flags | EXPROVE_FLAG_SNAPSHOT;
  const int64_t time = d->update.time;
  uint32_t number = instrument_define(s, &d->name, out, time, d->flags);
  if (useless) return put_notice(out, number, d, partial ? "PARTIAL" : "OLD");
  book = &s->instruments[number];
  put(out, EXPROVE_KIND_CLEAR, time, flags, number)->venue_sequence = last;
  put_sides(out, number, time, flags, last, s->frame.level + s->frame.first[0], s->frame.level + s->frame.first[1],
            d->update.count);
  if (!joined) {
    uint64_t end = first < book->update_count ? book->updates[book->update_first + first].before : book->tip;
    put_gap(out, number, time, d->flags, last + 1, book->dense ? end - last : 0);
    s->health.gaps++;
    s->health.missing += book->dense ? end - last : 0;
  }
  const struct level *levels = book->levels + book->level_first + skipped;
  for (uint32_t i = first; behind && i < book->update_count; i++) {
    const struct update *u = &book->updates[book->update_first + i];
    put_sides(out, number, u->time, EXPROVE_FLAG_SNAPSHOT, u->last, levels, levels + u->count[0], u->count);
    levels += u->count[0] + u->count[1];
  }
  out->at[-1].flags |= EXPROVE_FLAG_LAST;
  if (!behind) {
    book_forget(book);
    book->tip = last;
  }
  book->known = 1;
  book->synced = (uint8_t)joined;
  book_trim(book);
  return OUTCOME_DONE;
}

/* `<symbol>@depth<levels>…`: the top of the book, not what changed in it. */
int stream_is_partial(const struct frame *f) {
  struct view view;
  if (!frame_view(f, frame_token(&f->part[PART_ROOT], SLOT_stream), &view)) return 0;
  const uint8_t *at = memchr(view.bytes, '@', view.size);
  if (!at) return 0;
  size_t left = (size_t)(view.bytes + view.size - at);
  return left > 6 && memcmp(at, "@depth", 6) == 0 && at[6] >= '0' && at[6] <= '9';
}

/* A stream's symbol is the part before '@', in capitals. */
static int stream_symbol(struct exprove_session *s, struct name *name) {
  struct view view;
  if (!frame_view(&s->frame, frame_token(&s->frame.part[PART_ROOT], SLOT_stream), &view)) return 0;
  const uint8_t *at = memchr(view.bytes, '@', view.size);
  size_t size = at ? (size_t)(at - view.bytes) : 0;
  if (size == 0 || size > TEXT_MAX) return 0;
  for (size_t i = 0; i < size; i++) {
    uint8_t c = view.bytes[i];
    name->copy[i] = c >= 'a' && c <= 'z' ? c - 32 : c;
  }
  return name_symbol(s, name->copy, (uint32_t)size, name);
}

static int optional_time(struct exprove_session *s, const struct table *m, struct depth *d) {
  unsigned slot = frame_token(m, SLOT('T')) ? SLOT('T') : SLOT('E');
  d->flags = 0;
  d->update.time = 0;
  if (frame_token(m, slot)) return field_time(s, m, slot, &d->update.time);
  d->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  return 1;
}

enum outcome depth_snapshot(struct exprove_session *s, const struct table *m, struct sink *out) {
  struct depth d;
  memset(&d, 0, sizeof d);
  if (!field_integer(s, m, SLOT_lastUpdateId, &d.update.last)) return OUTCOME_FAULT;
  if (!optional_time(s, m, &d) || !sides(s, m, SLOT_bids, SLOT_asks, d.update.count)) return OUTCOME_FAULT;
  int wrapped = stream_symbol(s, &d.name);
  if (!wrapped) {
    /* A REST answer names no symbol. */
    const struct text *only = s->instrument_count == 1 ? &s->texts[s->instruments[0].text] : NULL;
    int found = s->symbol_size ? name_symbol(s, s->symbol, s->symbol_size, &d.name)
                               : only && name_symbol(s, only->bytes, only->size, &d.name);
    if (!found) return fault(s, EXPROVE_MALFORMED_REFERENCE, m->at);
  }
  return snapshot(s, m, &d, wrapped, out);
}

enum outcome depth_partial(struct exprove_session *s, const struct table *m, struct sink *out) {
  struct depth d;
  if (!depth_fields(s, m, &d)) return OUTCOME_FAULT;
  return snapshot(s, m, &d, 1, out);
}
