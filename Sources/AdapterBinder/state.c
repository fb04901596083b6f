/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved state: what the binder itself keeps, and behind it the library's own bytes.
 *
 *   "ExBS" · u32 version 1 · u32 messages · u64 counters
 *   u32 texts · each: u32 size · bytes · u32 instrument plus 1, or 0
 *   u64 size of the library's state · bytes
 *   u64 FNV-1a over all before it
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_STATE = 64 << 20 };

static uint64_t sum_of(const uint8_t *bytes, size_t size) {
  uint64_t sum = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < size; i++) sum = (sum ^ bytes[i]) * UINT64_C(0x100000001B3);
  return sum;
}

static void give(struct exprove_session *s, uint32_t which, uint32_t kind, uint64_t value) {
  const call *c = &s->program->calls[which];
  for (uint32_t i = 0; i < c->count; i++) if (c->arguments[i].kind == kind) s->calls[which].slots[i] = value;
}

/* The library's state, into memory of the session's. */
static exprove_status ask(struct exprove_session *s, size_t *size) {
  *size = 0;
  if (!s->program->calls[CALL_SAVE].is_present) return EXPROVE_OK;
  for (int attempt = 0; attempt < 4; attempt++) {
    if (s->saved == NULL || attempt > 0) {
      size_t room = *size > 256 ? *size : 256;
      uint8_t *memory = realloc(s->saved, room);
      if (memory == NULL) return EXPROVE_OUT_OF_MEMORY;
      s->saved = memory;
      s->saved_room = room;
    }
    give(s, CALL_SAVE, FROM_OUT, (uint64_t)(uintptr_t)s->saved);
    give(s, CALL_SAVE, FROM_CAPACITY, s->saved_room);
    wide result = library_call(s, CALL_SAVE);
    if (result < 0 || result > MOST_STATE) return EXPROVE_INTERNAL;
    *size = (size_t)result;
    if (*size <= s->saved_room) return EXPROVE_OK;
  }
  return EXPROVE_INTERNAL;
}

static void put(uint8_t **at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) (*at)[i] = (uint8_t)(value >> (8 * i));
  *at += size;
}

static void put_bytes(uint8_t **at, const void *bytes, size_t size) {
  if (size > 0) memcpy(*at, bytes, size);
  *at += size;
}

exprove_status session_save(const exprove_session *session, uint8_t *out, uint64_t capacity, uint64_t *size) {
  /* The library's answer needs room that only a call to it measures. */
  struct exprove_session *s = (struct exprove_session *)(uintptr_t)session;
  size_t library;
  exprove_status status = ask(s, &library);
  if (status != EXPROVE_OK) return status;
  const program *p = s->program;
  *size = 12 + 8 * (uint64_t)p->messages + 4 + 8 * (uint64_t)s->text_count + s->blob_size + 8 + library + 8;
  if (capacity < *size) return EXPROVE_TOO_SMALL;
  uint8_t *at = out;
  put_bytes(&at, "ExBS", 4);
  put(&at, 1, 4);
  put(&at, p->messages, 4);
  for (uint32_t i = 0; i < p->messages; i++) put(&at, s->counts[i], 8);
  put(&at, s->text_count, 4);
  for (uint32_t i = 0; i < s->text_count; i++) {
    put(&at, s->texts[i].size, 4);
    put_bytes(&at, s->blob + s->texts[i].at, s->texts[i].size);
    put(&at, (uint64_t)s->texts[i].instrument + 1, 4);
  }
  put(&at, library, 8);
  put_bytes(&at, s->saved, library);
  put(&at, sum_of(out, (size_t)(at - out)), 8);
  return EXPROVE_OK;
}

static int take(const uint8_t **at, const uint8_t *end, size_t size, uint64_t *value) {
  if ((size_t)(end - *at) < size) return 0;
  *value = 0;
  for (size_t i = 0; i < size; i++) *value |= (uint64_t)(*at)[i] << (8 * i);
  *at += size;
  return 1;
}

/* Texts and instruments as decoding would have numbered them: instruments in the order of some texts, each once. */
static int take_texts(struct exprove_session *s, const uint8_t **at, const uint8_t *end) {
  uint64_t count, size, instrument;
  if (!take(at, end, 4, &count) || count > (uint64_t)(end - *at)) return 0;
  uint8_t *seen = calloc(count + 1, 1);
  int is_good = seen != NULL;
  for (uint64_t i = 0; i < count && is_good; i++) {
    is_good = take(at, end, 4, &size) && size <= (uint64_t)(end - *at) && text_take(s, (const char *)*at, (uint32_t)size);
    if (!is_good) break;
    *at += size;
    is_good = take(at, end, 4, &instrument) && instrument <= count && (instrument == 0 || (!seen[instrument] && size > 0));
    if (!is_good || instrument == 0) continue;
    seen[instrument] = 1;
    s->texts[i].instrument = (uint32_t)instrument - 1;
    s->instrument_count++;
  }
  for (uint64_t i = 1; i <= count && is_good; i++) is_good = seen[i] == (i <= s->instrument_count);
  free(seen);
  return is_good && s->instrument_count <= s->program->symbols;
}

static int take_state(struct exprove_session *s, const uint8_t *bytes, uint64_t size) {
  const program *p = s->program;
  const uint8_t *at = bytes, *end = bytes + size;
  uint64_t value;
  if (size < 20 || memcmp(bytes, "ExBS", 4) != 0) return 0;
  const uint8_t *sum = end - 8;
  if (!take(&sum, end, 8, &value) || value != sum_of(bytes, size - 8)) return 0;
  at += 4;
  end -= 8;
  if (!take(&at, end, 4, &value) || value != 1 || !take(&at, end, 4, &value) || value != p->messages) return 0;
  for (uint32_t i = 0; i < p->messages; i++) if (!take(&at, end, 8, &s->counts[i])) return 0;
  if (!take_texts(s, &at, end) || !take(&at, end, 8, &value) || value != (uint64_t)(end - at)) return 0;
  if (!p->calls[CALL_LOAD].is_present) return value == 0;
  give(s, CALL_LOAD, FROM_BYTES, (uint64_t)(uintptr_t)at);
  give(s, CALL_LOAD, FROM_SIZE, value);
  return library_outcome(p, CALL_LOAD, library_call(s, CALL_LOAD)) == OUTCOME_OK;
}

exprove_status session_load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  exprove_status status = session_reset(s);
  if (status != EXPROVE_OK || take_state(s, bytes, size)) return status;
  status = session_reset(s);
  return status == EXPROVE_OK ? EXPROVE_BAD_DATA : status;
}
