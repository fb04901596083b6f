/* SPDX-License-Identifier: Apache-2.0
 *
 * A session as bytes, little-endian: magic, configuration, counters, texts, instruments with the updates that are kept,
 * aliases. Equal states give equal bytes; bytes that no session can have written are refused.
 */
#include "session.h"

static const char magic[8] = {'X', 'P', 'B', 'N', '0', '0', '0', '1'};

struct writer {
  uint8_t *out;
  uint64_t capacity, size;
};

static void write_bytes(struct writer *w, const void *bytes, size_t n) {
  if (w->size + n <= w->capacity && n) memcpy(w->out + w->size, bytes, n);
  w->size += n;
}

static void write_uint(struct writer *w, uint64_t v, unsigned n) {
  uint8_t b[8];
  for (unsigned i = 0; i < n; i++) b[i] = (uint8_t)(v >> (8 * i));
  write_bytes(w, b, n);
}

exprove_status session_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  struct writer w = {out, capacity, 0};
  write_bytes(&w, magic, sizeof magic);
  write_uint(&w, s->market, 1);
  write_uint(&w, s->volume, 1);
  write_uint(&w, s->symbol_size, 1);
  write_bytes(&w, s->symbol, s->symbol_size);
  for (unsigned i = 0; i < MESSAGE_COUNT; i++) write_uint(&w, s->counters[i], 8);
  write_uint(&w, s->text_count, 4);
  for (uint32_t i = 0; i < s->text_count; i++) {
    write_uint(&w, s->texts[i].size, 1);
    write_bytes(&w, s->texts[i].bytes, s->texts[i].size);
  }
  write_uint(&w, s->instrument_count, 4);
  for (uint32_t i = 0; i < s->instrument_count; i++) {
    const struct instrument *b = &s->instruments[i];
    write_uint(&w, b->text, 4);
    write_uint(&w, (uint64_t)(b->known | b->synced << 1 | b->updated << 2 | b->dense << 3), 1);
    write_uint(&w, b->tip, 8);
    write_uint(&w, b->update_count, 4);
    const struct level *level = b->levels + b->level_first;
    for (uint32_t k = 0; k < b->update_count; k++) {
      const struct update *u = &b->updates[b->update_first + k];
      write_uint(&w, u->before, 8);
      write_uint(&w, u->last, 8);
      write_uint(&w, (uint64_t)u->time, 8);
      write_uint(&w, u->count[0], 4);
      write_uint(&w, u->count[1], 4);
      for (uint32_t n = u->count[0] + u->count[1]; n > 0; n--, level++) {
        write_uint(&w, (uint64_t)level->price, 8);
        write_uint(&w, (uint64_t)level->quantity, 8);
      }
    }
  }
  write_uint(&w, s->alias_count, 4);
  for (uint32_t i = 0; i < s->alias_count; i++) {
    write_uint(&w, s->aliases[i].root, 8);
    write_uint(&w, s->aliases[i].id, 8);
    write_uint(&w, s->aliases[i].live, 1);
  }
  *size = w.size;
  return w.size <= capacity ? EXPROVE_OK : EXPROVE_TOO_SMALL;
}

struct reader {
  const uint8_t *p;
  uint64_t left;
  int bad;
};

static const uint8_t *read_bytes(struct reader *r, uint64_t n) {
  static const uint8_t nothing[40];
  if (r->bad || r->left < n) {
    r->bad = 1;
    return nothing;
  }
  const uint8_t *p = r->p;
  r->p += n;
  r->left -= n;
  return p;
}

static uint64_t read_uint(struct reader *r, unsigned n) {
  const uint8_t *p = read_bytes(r, n);
  uint64_t v = 0;
  for (unsigned i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
  return v;
}

/* 1 good, 0 bad, -1 no memory. */
static int load_texts(exprove_session *s, struct reader *r) {
  uint64_t count = read_uint(r, 4);
  if (r->bad || count > MAX_TEXTS) return 0;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t n = read_uint(r, 1);
    if (n == 0 || n > TEXT_MAX) return 0;
    const uint8_t *bytes = read_bytes(r, n);
    struct name name;
    if (r->bad || !name_find(s, bytes, (uint32_t)n, &name) || name.text != NONE) return 0;
    if (!texts_reserve(s, 1, 0)) return -1;
    text_insert(s, bytes, (uint32_t)n);
  }
  return 1;
}

static int load_book(exprove_session *s, struct instrument *b, uint32_t number, struct reader *r) {
  b->text = (uint32_t)read_uint(r, 4);
  uint64_t flags = read_uint(r, 1);
  b->known = flags & 1;
  b->synced = flags >> 1 & 1;
  b->updated = flags >> 2 & 1;
  b->dense = flags >> 3 & 1;
  b->tip = read_uint(r, 8);
  uint64_t count = read_uint(r, 4);
  if (r->bad || b->text >= s->text_count || s->texts[b->text].instrument != NONE || flags > 15) return 0;
  if (!b->known && (flags || b->tip || count)) return 0;
  if (!b->updated && (b->dense || count)) return 0;
  if (count > (b->synced ? SYNCED_UPDATES : WAITING_UPDATES)) return 0;
  s->texts[b->text].instrument = number;
  uint64_t last = 0;
  for (uint64_t i = 0; i < count; i++) {
    struct update u;
    u.before = read_uint(r, 8);
    u.last = read_uint(r, 8);
    u.time = (int64_t)read_uint(r, 8);
    u.count[0] = (uint32_t)read_uint(r, 4);
    u.count[1] = (uint32_t)read_uint(r, 4);
    uint64_t levels = (uint64_t)u.count[0] + u.count[1];
    if (r->bad || u.before >= u.last || u.time < 0 || (i && (u.before > last || u.last <= last))) return 0;
    if (levels > WAITING_LEVELS || b->level_count + levels > (b->synced ? SYNCED_LEVELS : WAITING_LEVELS)) return 0;
    if (r->left < levels * 16) return 0;
    if (!book_reserve(b, (uint32_t)levels)) return -1;
    struct level *to = b->levels + b->level_count;
    for (uint64_t k = 0; k < levels; k++) {
      to[k].price = (int64_t)read_uint(r, 8);
      to[k].quantity = (int64_t)read_uint(r, 8);
      if (to[k].price < 0 || to[k].quantity < 0) return 0;
    }
    b->level_count += (uint32_t)levels;
    b->updates[b->update_count++] = u;
    last = u.last;
  }
  return !count || last == b->tip;
}

static int load_all(exprove_session *s, struct reader *r) {
  if (memcmp(read_bytes(r, sizeof magic), magic, sizeof magic) != 0 || r->bad) return 0;
  if (read_uint(r, 1) != s->market || read_uint(r, 1) != s->volume || read_uint(r, 1) != s->symbol_size) return 0;
  if (s->symbol_size && memcmp(read_bytes(r, s->symbol_size), s->symbol, s->symbol_size) != 0) return 0;
  for (unsigned i = 0; i < MESSAGE_COUNT; i++) s->counters[i] = read_uint(r, 8);
  int good = load_texts(s, r);
  if (good != 1) return good;
  uint64_t count = read_uint(r, 4);
  if (r->bad || count > MAX_INSTRUMENTS || count > s->text_count) return 0;
  for (uint64_t i = 0; i < count; i++) {
    if (!texts_reserve(s, 0, 1)) return -1;
    struct instrument *b = &s->instruments[s->instrument_count];
    memset(b, 0, sizeof *b);
    good = load_book(s, b, s->instrument_count++, r);
    if (good != 1) return good;
  }
  count = read_uint(r, 4);
  if (r->bad || count > MAX_ALIASES) return 0;
  for (uint64_t i = 0; i < count; i++) {
    struct alias *a = &s->aliases[i];
    a->root = read_uint(r, 8);
    a->id = read_uint(r, 8);
    a->live = (uint32_t)read_uint(r, 1);
    if (r->bad || !a->root || !a->id || a->live > 1) return 0;
    s->alias_count++;
  }
  return !r->bad && r->left == 0;
}

exprove_status session_load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  struct reader r = {bytes, size, 0};
  session_clear(s);
  int good = load_all(s, &r);
  if (good == 1) return EXPROVE_OK;
  session_clear(s);
  return good ? EXPROVE_OUT_OF_MEMORY : EXPROVE_BAD_DATA;
}
