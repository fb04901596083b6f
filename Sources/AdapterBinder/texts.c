/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts and symbols, numbered in the order in which they were first seen.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time: symbols are short, and looked up for each event. The seed keeps others from preparing texts that
 * collide. */
static uint64_t hash_of(const char *bytes, uint32_t size, uint64_t seed) {
  uint64_t hash = seed ^ size * UINT64_C(0x9E3779B97F4A7C15);
  for (uint32_t i = 0; i < size; i += 8) {
    uint64_t part = 0;
    if (size - i >= 8) memcpy(&part, bytes + i, 8);
    else for (uint32_t k = i; k < size; k++) part |= (uint64_t)(uint8_t)bytes[k] << (8 * (k - i));
    hash = (hash ^ part) * UINT64_C(0xD6E8FEB86659FD93);
    hash ^= hash >> 32;
  }
  return hash;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; and no control characters, which no symbol has. */
static int is_text(const char *bytes, uint32_t size) {
  const uint8_t *p = (const uint8_t *)bytes, *end = p + size;
  while (p < end) {
    uint8_t c = *p++;
    if (c < 0x80) {
      if (c < 0x20 || c == 0x7F) return 0;
      continue;
    }
    uint32_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
    if (c < 0xC2 || c > 0xF4 || (size_t)(end - p) < more) return 0;
    uint8_t first = *p;
    uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80, high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (first < low || first > high) return 0;
    for (uint32_t i = 1; i < more; i++) if ((p[i] & 0xC0) != 0x80) return 0;
    p += more;
  }
  return 1;
}

/* Where its id stands in the table, or the empty place where it would. */
static uint32_t *place(const struct exprove_session *s, const char *bytes, uint32_t size, uint64_t hash) {
  for (uint32_t i = (uint32_t)hash;; i++) {
    uint32_t *at = &s->table[i & (s->table_size - 1)];
    if (*at == 0) return at;
    const entry *e = &s->texts[*at - 1];
    if (e->hash == hash && e->size == size && memcmp(s->blob + e->at, bytes, size) == 0) return at;
  }
}

/* Room for one more text of `size` bytes. */
static int reserve(struct exprove_session *s, uint32_t size) {
  if (s->text_count == s->text_room) {
    uint32_t room = s->text_room ? 2 * s->text_room : 64;
    entry *texts = realloc(s->texts, room * sizeof *texts);
    if (texts == NULL) return 0;
    s->texts = texts;
    s->text_room = room;
  }
  if (s->blob_size + size > s->blob_room) {
    size_t room = 2 * s->blob_room + size + 256;
    if (room > UINT32_MAX) return 0;
    char *blob = realloc(s->blob, room);
    if (blob == NULL) return 0;
    s->blob = blob;
    s->blob_room = room;
  }
  if (2 * (s->text_count + 1) > s->table_size) {
    uint32_t room = s->table_size ? 2 * s->table_size : 128;
    uint32_t *table = calloc(room, sizeof *table);
    if (table == NULL) return 0;
    free(s->table);
    s->table = table;
    s->table_size = room;
    for (uint32_t i = 0; i < s->text_count; i++) {
      const entry *e = &s->texts[i];
      *place(s, s->blob + e->at, e->size, e->hash) = i + 1;
    }
  }
  return 1;
}

static void keep(struct exprove_session *s, uint32_t *at, const char *bytes, uint32_t size, uint64_t hash) {
  memcpy(s->blob + s->blob_size, bytes, size);
  s->texts[s->text_count] = (entry){hash, (uint32_t)s->blob_size, size, EXPROVE_NO_INSTRUMENT};
  s->blob_size += size;
  *at = ++s->text_count;
}

/* The records that introduce a text: 40 bytes each, and one that uses fewer ends it. */
static void introduce(struct exprove_session *s, uint32_t id, const char *bytes, uint32_t size) {
  for (uint32_t done = 0, used = EXPROVE_TEXT_BYTES; used == EXPROVE_TEXT_BYTES; done += used) {
    exprove_event_text t = {.text_id = id, .kind = EXPROVE_KIND_TEXT, .flags = EXPROVE_FLAG_NO_EVENT_TIME};
    used = size - done < EXPROVE_TEXT_BYTES ? size - done : EXPROVE_TEXT_BYTES;
    memcpy(t.bytes, bytes + done, used);
    t.level = (uint16_t)used;
    exprove_event e;
    memcpy(&e, &t, sizeof e);
    event_add(s, &e);
  }
}

int64_t text_id(struct exprove_session *s, const char *bytes, uint32_t size, int is_symbol, uint16_t *why) {
  *why = EXPROVE_MALFORMED_FIELD;
  if (size > MOST_TEXT || (is_symbol && size == 0)) return -1;
  uint64_t hash = hash_of(bytes, size, s->seed);
  uint32_t *at = s->table_size ? place(s, bytes, size, hash) : NULL;
  int is_new = at == NULL || *at == 0;
  uint32_t id = is_new ? s->text_count : *at - 1;
  int defines = is_symbol && (is_new || s->texts[id].instrument == EXPROVE_NO_INSTRUMENT);
  if (!is_new && !defines) return *why = 0, id;
  if (is_new && !is_text(bytes, size)) return -1;
  *why = EXPROVE_MALFORMED_RANGE;
  if ((defines && s->instrument_count == s->program->symbols) || (is_new && s->text_count == 16 * s->program->symbols)) return -1;
  /* All of its records or none, so that what follows never refers to half a text. */
  *why = 0;
  uint32_t records = (is_new ? size / EXPROVE_TEXT_BYTES + 1 : 0) + (uint32_t)defines;
  if (s->filled + records + 1 > s->limit) {
    s->is_full = 1;
    return -1;
  }
  if (is_new) {
    if (!reserve(s, size)) {
      s->has_no_memory = 1;
      return -1;
    }
    keep(s, place(s, bytes, size, hash), bytes, size, hash);
    introduce(s, id, bytes, size);
  }
  if (defines) {
    s->texts[id].instrument = s->instrument_count++;
    exprove_event e = {.instrument = s->texts[id].instrument, .aux = id, .kind = EXPROVE_KIND_INSTRUMENT,
                       .level = (uint16_t)s->program->quantity_scale, .flags = EXPROVE_FLAG_NO_EVENT_TIME};
    event_add(s, &e);
  }
  return id;
}

int text_take(struct exprove_session *s, const char *bytes, uint32_t size) {
  if (size > MOST_TEXT || !is_text(bytes, size) || s->text_count == 16 * s->program->symbols || !reserve(s, size)) return 0;
  uint64_t hash = hash_of(bytes, size, s->seed);
  uint32_t *at = place(s, bytes, size, hash);
  if (*at != 0) return 0;
  keep(s, at, bytes, size, hash);
  return 1;
}

void texts_clear(struct exprove_session *s) {
  s->text_count = s->instrument_count = 0;
  s->blob_size = 0;
  if (s->table_size) memset(s->table, 0, s->table_size * sizeof *s->table);
}

void texts_free(struct exprove_session *s) {
  free(s->texts);
  free(s->table);
  free(s->blob);
}
