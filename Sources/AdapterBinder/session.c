/* SPDX-License-Identifier: Apache-2.0
 *
 * A session: the library's handle, what it is called with, decoding.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

/* --- Calls -----------------------------------------------------------------------------------------------------*/

static wide integer(const uint8_t *at, uint32_t type) {
  uint64_t u = 0;
  memcpy(&u, at, type_bytes(type));
  switch (type) {
  case TYPE_I8: return (int8_t)u;
  case TYPE_I16: return (int16_t)u;
  case TYPE_I32: return (int32_t)u;
  case TYPE_I64: return (int64_t)u;
  default: return u;
  }
}

wide library_call(struct exprove_session *s, uint32_t which) {
  const call *c = &s->program->calls[which];
  const signature *sign = c->function->signature;
  /* libffi widens small integers to ffi_arg; on a little-endian machine their own bytes come first either way. */
  _Alignas(16) uint8_t result[MOST_RESULT_BYTES + sizeof(ffi_arg)];
  uint32_t *calling = s->owner->calling;
  if (calling != NULL) __atomic_store_n(calling, (uint32_t)(c->function - s->program->functions) + 1, __ATOMIC_RELAXED);
  ffi_call((ffi_cif *)(uintptr_t)&sign->cif, c->function->code, result, s->calls[which].values);
  if (calling != NULL) __atomic_store_n(calling, 0, __ATOMIC_RELAXED);
  return c->result_type == TYPE_VOID || c->result_type == TYPE_F32 || c->result_type == TYPE_F64
             ? 0
             : integer(result + c->result_offset, c->result_type);
}

int library_outcome(const program *p, uint32_t which, wide result) {
  const call *c = &p->calls[which];
  if (c->table == NO_TABLE) return OUTCOME_OK;
  const table *t = &p->tables[c->table];
  for (uint32_t i = 0; i < t->count; i++) if (t->pairs[i].key == result) return (int)t->pairs[i].value;
  return t->has_else ? (int)t->otherwise : -1;
}

/* Puts a pointer or number where libffi looks for an argument. */
static void argument(struct exprove_session *s, uint32_t which, uint32_t index, uint64_t value) {
  s->calls[which].slots[index] = value;
  s->calls[which].values[index] = &s->calls[which].slots[index];
}

static void prepare(struct exprove_session *s, void **closures) {
  const program *p = s->program;
  for (uint32_t which = 0; which < CALLS; which++) {
    const call *c = &p->calls[which];
    for (uint32_t i = 0; c->is_present && i < c->count; i++) {
      int64_t value = c->arguments[i].value;
      switch (c->arguments[i].kind) {
      case FROM_CONSTANT: argument(s, which, i, (uint64_t)value); break;
      case FROM_SELF_OUT: argument(s, which, i, (uint64_t)(uintptr_t)&s->self); break;
      case FROM_USER: argument(s, which, i, (uint64_t)(uintptr_t)s->gate); break;
      case FROM_OBJECT: argument(s, which, i, (uint64_t)(uintptr_t)(s->objects + p->objects[value].place)); break;
      case FROM_OBJECT_VALUE: s->calls[which].values[i] = s->objects + p->objects[value].place; break;
      case FROM_HANDLER: argument(s, which, i, (uint64_t)(uintptr_t)closures[value]); break;
      case FROM_DAY_START: argument(s, which, i, (uint64_t)s->day_start); break;
      case FROM_SEED: argument(s, which, i, s->seed); break;
      case FROM_SETTING:
        argument(s, which, i, p->settings[value].is_integer ? (uint64_t)s->integers[value]
                                                            : (uint64_t)(uintptr_t)s->settings[value]);
        break;
      default: argument(s, which, i, 0); break; /* filled before each call */
      }
    }
  }
}

/* Gives each argument of one kind its value. */
static void give(struct exprove_session *s, uint32_t which, uint32_t kind, uint64_t value) {
  const call *c = &s->program->calls[which];
  for (uint32_t i = 0; i < c->count; i++) if (c->arguments[i].kind == kind) s->calls[which].slots[i] = value;
}

/* A new handle of the library's; 0 when it gives none. */
static int open_library(struct exprove_session *s) {
  const program *p = s->program;
  const call *c = &p->calls[CALL_OPEN];
  s->self = NULL;
  if (!c->is_present) return 1;
  wide result = library_call(s, CALL_OPEN);
  if (c->table != NO_TABLE && library_outcome(p, CALL_OPEN, result) != OUTCOME_OK) return 0;
  if (c->result_type == TYPE_POINTER) s->self = (void *)(uintptr_t)result;
  for (uint32_t which = 0; which < CALLS; which++) give(s, which, FROM_SELF, (uint64_t)(uintptr_t)s->self);
  return s->self != NULL || (c->result_type != TYPE_POINTER && c->table != NO_TABLE);
}

static void close_library(struct exprove_session *s) {
  if (s->self != NULL && s->program->calls[CALL_CLOSE].is_present) library_call(s, CALL_CLOSE);
  s->self = NULL;
}

/* --- A session's life ------------------------------------------------------------------------------------------*/

static int same(text t, const char *terminated) {
  return strlen(terminated) == t.size && memcmp(t.bytes, terminated, t.size) == 0;
}

/* A decimal of 64 bits with sign. */
static int is_number(const char *value, int64_t *number) {
  char *end;
  if (*value == 0 || strlen(value) > 20) return 0;
  *number = strtoll(value, &end, 10);
  return *end == 0;
}

static exprove_status take_settings(struct exprove_session *s, const exprove_config *config, exprove_text *error) {
  const program *p = s->program;
  for (uint32_t k = 0; k < config->settings_count; k++) {
    uint32_t i = 0;
    while (i < p->setting_count && !same(p->settings[i].key, config->settings[k].key)) i++;
    if (i < p->setting_count) continue;
    say(error, "there is no setting “%.64s”", config->settings[k].key);
    return EXPROVE_INVALID_ARGUMENT;
  }
  for (uint32_t i = 0; i < p->setting_count; i++) {
    text value = p->settings[i].preset;
    for (uint32_t k = 0; k < config->settings_count; k++) {
      if (same(p->settings[i].key, config->settings[k].key)) {
        value = (text){config->settings[k].value, (uint32_t)strlen(config->settings[k].value)};
      }
    }
    s->settings[i] = calloc(value.size + 1, 1);
    if (s->settings[i] == NULL) return EXPROVE_OUT_OF_MEMORY;
    memcpy(s->settings[i], value.bytes, value.size);
    if (p->settings[i].is_integer && !is_number(s->settings[i], &s->integers[i])) {
      say(error, "setting “%.*s” is no integer", (int)p->settings[i].key.size, p->settings[i].key.bytes);
      return EXPROVE_INVALID_ARGUMENT;
    }
  }
  return EXPROVE_OK;
}

static exprove_status open_session(struct exprove_session *s, const exprove_config *config, exprove_text *error) {
  const program *p = s->program;
  s->day_start = config->day_start;
  s->seed = config->seed;
  s->counts = calloc(p->messages, sizeof *s->counts);
  s->settings = calloc(p->setting_count + 1, sizeof *s->settings);
  s->integers = calloc(p->setting_count + 1, sizeof *s->integers);
  if (s->counts == NULL || s->settings == NULL || s->integers == NULL) return EXPROVE_OUT_OF_MEMORY;
  exprove_status status = take_settings(s, config, error);
  if (status != EXPROVE_OK) return status;
  void **closures = calloc(p->handler_count + 1, sizeof *closures);
  if (closures == NULL) return EXPROVE_OUT_OF_MEMORY;
  s->gate = park(s->owner, s, closures, error);
  if (s->gate != NULL) prepare(s, closures);
  free(closures);
  if (s->gate == NULL) return EXPROVE_OUT_OF_MEMORY;
  if (open_library(s)) return EXPROVE_OK;
  text name = p->calls[CALL_OPEN].function->symbol;
  say(error, "%.*s gave nothing to work with", (int)name.size, name.bytes);
  return EXPROVE_OUT_OF_MEMORY;
}

exprove_status session_create(binder *b, const exprove_config *config, exprove_session **session, exprove_text *error) {
  if (session == NULL) return EXPROVE_INVALID_ARGUMENT;
  *session = NULL;
  if (!b->is_loaded) return EXPROVE_INVALID_STATE;
  if (config == NULL || config->struct_size < sizeof *config) {
    say(error, "the configuration is cut");
    return EXPROVE_INVALID_ARGUMENT;
  }
  const program *p = b->program;
  if (config->framing > 31 || !(p->framings >> config->framing & 1) || config->channel > 31 ||
      !(p->channels >> config->channel & 1)) {
    say(error, "its binding does not offer framing %u with channel %u", config->framing, config->channel);
    return EXPROVE_NOT_IMPLEMENTED;
  }
  struct exprove_session *s = calloc(1, sizeof *s);
  if (s == NULL) return EXPROVE_OUT_OF_MEMORY;
  s->owner = b;
  s->program = p;
  exprove_status status = open_session(s, config, error);
  if (status == EXPROVE_OK) *session = s;
  else session_destroy(s);
  return status;
}

void session_destroy(exprove_session *s) {
  if (s == NULL) return;
  close_library(s);
  /* From here on the callbacks find nobody. */
  if (s->gate != NULL) {
    s->gate->session = NULL;
    atomic_store_explicit(&s->gate->has_ended, 1, memory_order_relaxed);
  }
  tell_strays(s->owner);
  for (uint32_t i = 0; s->settings != NULL && i < s->program->setting_count; i++) free(s->settings[i]);
  free(s->settings);
  free(s->integers);
  free(s->counts);
  free(s->saved);
  texts_free(s);
  free(s);
}

exprove_status session_reset(exprove_session *s) {
  const program *p = s->program;
  texts_clear(s);
  memset(s->counts, 0, p->messages * sizeof *s->counts);
  if (p->calls[CALL_RESET].is_present && s->self != NULL) {
    if (library_outcome(p, CALL_RESET, library_call(s, CALL_RESET)) == OUTCOME_OK) return EXPROVE_OK;
  }
  close_library(s);
  return open_library(s) ? EXPROVE_OK : EXPROVE_OUT_OF_MEMORY;
}

exprove_status session_counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < s->program->messages && i < capacity; i++) values[i] = s->counts[i];
  return EXPROVE_OK;
}

/* Times are asked for between calls to decode, so what is prepared for the call may be written to. */
exprove_status session_frame_time(const exprove_session *session, const uint8_t *bytes, uint64_t bytes_size,
                                  const exprove_frame *frames, uint32_t count, int64_t *times) {
  struct exprove_session *s = (struct exprove_session *)(uintptr_t)session;
  const program *p = s->program;
  (void)bytes_size;
  for (uint32_t i = 0; i < count; i++) {
    give(s, CALL_TIME, FROM_BYTES, (uint64_t)(uintptr_t)(bytes + frames[i].data));
    give(s, CALL_TIME, FROM_SIZE, frames[i].length);
    wide time = library_call(s, CALL_TIME);
    int is_known = time >= 0 && time <= INT64_MAX / p->time_unit;
    if (is_known) time = time * p->time_unit + (p->is_time_of_day ? s->day_start : 0);
    times[i] = is_known && time <= INT64_MAX ? (int64_t)time : INT64_MIN;
  }
  return EXPROVE_OK;
}

/* --- Decoding --------------------------------------------------------------------------------------------------*/

/* The most events of a frame of that size. It depends on nothing else, so that what a frame gives never depends on the
 * room that is left. */
static uint32_t limit_of(const program *p, uint32_t size) {
  if (p->limit_bytes == 0) return p->max_events;
  uint64_t limit = p->limit_base + (uint64_t)(size / p->limit_bytes) * p->limit_events;
  return limit < p->max_events ? (uint32_t)limit : p->max_events;
}

static void close_frame(struct exprove_session *s, uint32_t first, uint16_t kind, uint16_t why, uint64_t aux) {
  exprove_event e = {.kind = (uint8_t)kind, .instrument = EXPROVE_NO_INSTRUMENT, .level = why, .aux = aux,
                     .frame = s->frame, .flags = EXPROVE_FLAG_NO_EVENT_TIME};
  if (kind != 0 || s->filled == first) s->events[s->filled++] = e;
  s->events[s->filled - 1].flags |= EXPROVE_FLAG_LAST;
}

/* One frame through the library. */
static void feed(struct exprove_session *s, const uint8_t *bytes, const exprove_frame *frame) {
  const program *p = s->program;
  uint32_t first = s->filled;
  s->received = frame->receive_time;
  s->is_full = 0;
  /* Nothing to point at is pointed at all the same: few libraries expect NULL. */
  give(s, CALL_FEED, FROM_BYTES, (uint64_t)(uintptr_t)bytes);
  give(s, CALL_FEED, FROM_SIZE, frame->length);
  give(s, CALL_FEED, FROM_RECEIVE_TIME, (uint64_t)frame->receive_time);
  atomic_store_explicit(&s->gate->thread, this_thread(), memory_order_relaxed);
  wide result = library_call(s, CALL_FEED);
  atomic_store_explicit(&s->gate->thread, NULL, memory_order_relaxed);
  int outcome = library_outcome(p, CALL_FEED, result);
  if (s->is_full) return close_frame(s, first, EXPROVE_KIND_MALFORMED, EXPROVE_MALFORMED_TOO_MANY, 0);
  if (outcome == OUTCOME_OK) return close_frame(s, first, s->filled == first ? EXPROVE_KIND_NOTICE : 0, 0, 0);
  uint64_t place = 0;
  if (p->calls[CALL_FAULT].is_present) {
    wide told = library_call(s, CALL_FAULT);
    if (told > 0 && told <= (wide)frame->length) place = (uint64_t)told;
  }
  /* A result that the binding does not list says no more than that something was wrong. */
  if (outcome == OUTCOME_UNKNOWN) close_frame(s, first, EXPROVE_KIND_UNKNOWN, 0, frame->length > 0 ? bytes[0] : 0);
  else close_frame(s, first, EXPROVE_KIND_MALFORMED, outcome < 0 ? EXPROVE_MALFORMED_FIELD : (uint16_t)outcome, place);
}

exprove_status session_decode(exprove_session *s, exprove_batch *batch) {
  const program *p = s->program;
  if (batch->struct_size < sizeof *batch || batch->frame_count == 0 || batch->event_capacity < p->max_events) {
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (s->self == NULL && p->calls[CALL_OPEN].is_present && p->calls[CALL_OPEN].result_type == TYPE_POINTER) {
    return EXPROVE_INVALID_STATE;
  }
  s->events = batch->events;
  s->filled = 0;
  s->has_no_memory = 0;
  uint32_t i = 0;
  for (; i < batch->frame_count; i++) {
    const exprove_frame *f = &batch->frames[i];
    uint32_t most = limit_of(p, f->length);
    if (batch->event_capacity - s->filled < most) break;
    s->limit = s->filled + most;
    s->frame = i;
    feed(s, batch->bytes + f->data, f);
    if (s->has_no_memory) break;
  }
  s->events = NULL;
  tell_strays(s->owner);
  if (s->has_no_memory) return EXPROVE_OUT_OF_MEMORY;
  batch->frames_used = i;
  batch->events_filled = s->filled;
  return EXPROVE_OK;
}
