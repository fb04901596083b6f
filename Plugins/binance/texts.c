/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts and instruments, numbered in the order of their first appearance.
 */
#include "session.h"

static uint64_t text_hash(uint64_t seed, const uint8_t *p, uint32_t n) {
  uint64_t h = seed ^ (0x9E3779B97F4A7C15u + n);
  for (uint32_t i = 0; i < n; i++) {
    h = (h ^ p[i]) * 0xFF51AFD7ED558CCDu;
    h ^= h >> 29;
  }
  return h ^ h >> 32;
}

/* 0 when no text can hold the name. The seed only moves table places; no result depends on it. */
int name_find(struct exprove_session *s, const uint8_t *bytes, uint32_t size, struct name *name) {
  name->bytes = bytes;
  name->size = size;
  name->text = name->instrument = NONE;
  if (size == 0 || size > TEXT_MAX) return 0;
  if (s->text_count) {
    uint32_t at = (uint32_t)text_hash(s->seed, bytes, size) & s->slot_mask;
    for (; s->slots[at]; at = (at + 1) & s->slot_mask) {
      const struct text *text = &s->texts[s->slots[at] - 1];
      if (text->size == size && memcmp(text->bytes, bytes, size) == 0) {
        name->text = s->slots[at] - 1;
        name->instrument = text->instrument;
        return 1;
      }
    }
  }
  return scan_utf8(bytes, size);
}

static void slot_insert(struct exprove_session *s, uint32_t text) {
  const struct text *t = &s->texts[text];
  uint32_t at = (uint32_t)text_hash(s->seed, t->bytes, t->size) & s->slot_mask;
  while (s->slots[at]) at = (at + 1) & s->slot_mask;
  s->slots[at] = text + 1;
}

/* Makes room for so many more; 0 when there is no memory. */
int texts_reserve(struct exprove_session *s, uint32_t texts, uint32_t instruments) {
  if (s->text_count + texts > s->text_capacity) {
    uint32_t capacity = s->text_capacity ? s->text_capacity * 2 : 64;
    while (capacity < s->text_count + texts) capacity *= 2;
    uint32_t *slots = calloc((size_t)capacity * 2, sizeof *slots);
    struct text *grown = calloc(capacity, sizeof *grown);
    if (!slots || !grown) {
      free(slots);
      free(grown);
      return 0;
    }
    if (s->text_count) memcpy(grown, s->texts, s->text_count * sizeof *grown);
    free(s->texts);
    free(s->slots);
    s->texts = grown;
    s->slots = slots;
    s->text_capacity = capacity;
    s->slot_mask = capacity * 2 - 1;
    for (uint32_t i = 0; i < s->text_count; i++) slot_insert(s, i);
  }
  if (s->instrument_count + instruments > s->instrument_capacity) {
    uint32_t capacity = s->instrument_capacity ? s->instrument_capacity * 2 : 8;
    while (capacity < s->instrument_count + instruments) capacity *= 2;
    struct instrument *grown = calloc(capacity, sizeof *grown);
    if (!grown) return 0;
    if (s->instrument_count) memcpy(grown, s->instruments, s->instrument_count * sizeof *grown);
    free(s->instruments);
    s->instruments = grown;
    s->instrument_capacity = capacity;
  }
  return 1;
}

/* Before names are introduced: the bounds of what a session may hold, and the memory. */
enum outcome names_room(struct exprove_session *s, uint32_t texts, uint32_t instruments, uint32_t at) {
  if (LIKELY(!(texts | instruments))) return OUTCOME_DONE;
  if (s->text_count + texts > MAX_TEXTS || s->instrument_count + instruments > MAX_INSTRUMENTS)
    return fault(s, EXPROVE_MALFORMED_TOO_MANY, at);
  return texts_reserve(s, texts, instruments) ? OUTCOME_DONE : OUTCOME_MEMORY;
}

uint32_t text_insert(struct exprove_session *s, const uint8_t *bytes, uint32_t size) {
  struct text *text = &s->texts[s->text_count];
  memset(text, 0, sizeof *text);
  memcpy(text->bytes, bytes, size);
  text->size = (uint8_t)size;
  text->instrument = NONE;
  slot_insert(s, s->text_count);
  return s->text_count++;
}

/* The text's number; its TEXT event first when the name is new. Room was reserved. */
uint32_t text_define(struct exprove_session *s, struct name *name, struct sink *out, int64_t time, uint16_t flags) {
  if (name->text != NONE) return name->text;
  struct name again; /* two names of one frame may be the same text */
  name_find(s, name->bytes, name->size, &again);
  if (again.text != NONE) return name->text = again.text;
  name->text = text_insert(s, name->bytes, name->size);
  exprove_event_text record;
  memset(&record, 0, sizeof record);
  record.event_time = time;
  memcpy(record.bytes, name->bytes, name->size);
  record.text_id = name->text;
  record.frame = out->frame;
  record.kind = EXPROVE_KIND_TEXT;
  record.flags = flags;
  record.level = (uint16_t)name->size;
  memcpy(out->at++, &record, sizeof record);
  out->room--;
  return name->text;
}

uint32_t instrument_define(struct exprove_session *s, struct name *name, struct sink *out, int64_t time,
                           uint16_t flags) {
  if (name->instrument != NONE) return name->instrument;
  uint32_t text = text_define(s, name, out, time, flags), number = s->instrument_count++;
  memset(&s->instruments[number], 0, sizeof s->instruments[number]);
  s->instruments[number].text = text;
  s->texts[text].instrument = number;
  exprove_event *e = put(out, EXPROVE_KIND_INSTRUMENT, time, flags, number);
  e->aux = text;
  e->level = QUANTITY_SCALE;
  name->instrument = s->recent = number;
  return number;
}

/* --- Updates that are kept for a snapshot --- */

/* Twice the bound, so that moving down is rare. */
int book_reserve(struct instrument *b, uint32_t levels) {
  if (b->update_first + b->update_count == b->update_capacity) {
    if (b->update_first >= b->update_count && b->update_first) {
      memmove(b->updates, b->updates + b->update_first, b->update_count * sizeof *b->updates);
      b->update_first = 0;
    } else {
      uint32_t capacity = b->update_capacity ? b->update_capacity * 2 : 32;
      struct update *grown = realloc(b->updates, capacity * sizeof *grown);
      if (!grown) return 0;
      b->updates = grown;
      b->update_capacity = capacity;
    }
  }
  if (levels > WAITING_LEVELS) return 1; /* will not be kept */
  if (b->level_first + b->level_count + levels > b->level_capacity) {
    if (b->level_first >= b->level_count && b->level_count + levels <= b->level_capacity) {
      memmove(b->levels, b->levels + b->level_first, b->level_count * sizeof *b->levels);
      b->level_first = 0;
    } else {
      uint32_t capacity = b->level_capacity ? b->level_capacity * 2 : 256;
      while (capacity < b->level_first + b->level_count + levels) capacity *= 2;
      struct level *grown = realloc(b->levels, capacity * sizeof *grown);
      if (!grown) return 0;
      b->levels = grown;
      b->level_capacity = capacity;
    }
  }
  return 1;
}

static void book_drop(struct instrument *b) {
  const struct update *u = &b->updates[b->update_first++];
  uint32_t n = u->count[0] + u->count[1];
  b->update_count--;
  b->level_first += n;
  b->level_count -= n;
}

/* Down to what the state of the book allows. */
void book_trim(struct instrument *b) {
  uint32_t updates = b->synced ? SYNCED_UPDATES : WAITING_UPDATES, levels = b->synced ? SYNCED_LEVELS : WAITING_LEVELS;
  while (b->update_count > updates || b->level_count > levels) book_drop(b);
}

void book_forget(struct instrument *b) {
  b->update_first = b->update_count = b->level_first = b->level_count = 0;
}

void book_keep(struct instrument *b, const struct update *update, const struct level *bids, const struct level *asks) {
  uint32_t n = update->count[0] + update->count[1];
  if (n > (b->synced ? SYNCED_LEVELS : WAITING_LEVELS)) {
    book_forget(b);
    return;
  }
  struct level *to = b->levels + b->level_first + b->level_count;
  if (update->count[0]) memcpy(to, bids, update->count[0] * sizeof *to);
  if (update->count[1]) memcpy(to + update->count[0], asks, update->count[1] * sizeof *to);
  b->level_count += n;
  b->updates[b->update_first + b->update_count++] = *update;
  book_trim(b);
}

/* Back to nothing seen. */
void session_clear(struct exprove_session *s) {
  for (uint32_t i = 0; i < s->instrument_count; i++) {
    free(s->instruments[i].updates);
    free(s->instruments[i].levels);
  }
  free(s->instruments);
  free(s->texts);
  free(s->slots);
  s->instruments = NULL;
  s->texts = NULL;
  s->slots = NULL;
  s->text_count = s->text_capacity = s->slot_mask = 0;
  s->instrument_count = s->instrument_capacity = 0;
  s->recent = NONE;
  s->alias_count = 0;
  memset(s->counters, 0, sizeof s->counters);
  memset(&s->health, 0, sizeof s->health);
  s->health.last_event_time = INT64_MIN;
}
