/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"
#include "program.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct binder_hook {
  ffi_cif cif;
  ffi_type *types[HOOK_MOST_ARGUMENTS];
  uint8_t kinds[HOOK_MOST_ARGUMENTS];
  uint8_t result;
  uint32_t count, numbers;
  void (*code)(void);
};

exprove_status hook_open(void *library, const char *symbol, const uint8_t *types, uint32_t count, binder_hook **hook,
                         exprove_text *error) {
  *hook = NULL;
  if (count < 1 || count > 1 + HOOK_MOST_ARGUMENTS || (types[0] != HOOK_INT32 && types[0] != HOOK_INT64)) {
    say(error, "a hook returns int32 or int64 and has at most %d arguments", HOOK_MOST_ARGUMENTS);
    return EXPROVE_INVALID_ARGUMENT;
  }
  binder_hook *h = calloc(1, sizeof *h);
  if (h == NULL) return EXPROVE_OUT_OF_MEMORY;
  h->result = types[0];
  h->count = count - 1;
  for (uint32_t i = 0; i < h->count; i++) {
    h->kinds[i] = types[i + 1];
    h->types[i] = h->kinds[i] == HOOK_INT32 ? &ffi_type_sint32 : h->kinds[i] == HOOK_INT64 ? &ffi_type_sint64 : &ffi_type_pointer;
    h->numbers += h->kinds[i] == HOOK_INT32 || h->kinds[i] == HOOK_INT64;
    if (h->kinds[i] >= HOOK_INT32 && h->kinds[i] <= HOOK_PLAN_DELTA) continue;
    say(error, "argument %u is of no type that a hook may have", i + 1);
    return free(h), EXPROVE_INVALID_ARGUMENT;
  }
  void *code = dlsym(library, symbol);
  if (code == NULL) {
    say(error, "the library has no function “%.200s”", symbol);
    return free(h), EXPROVE_NOT_FOUND;
  }
  memcpy(&h->code, &code, sizeof code);
  ffi_type *result = h->result == HOOK_INT32 ? &ffi_type_sint32 : &ffi_type_sint64;
  if (ffi_prep_cif(&h->cif, FFI_DEFAULT_ABI, h->count, result, h->types) != FFI_OK) {
    say(error, "libffi refuses the signature");
    return free(h), EXPROVE_INTERNAL;
  }
  *hook = h;
  return EXPROVE_OK;
}

exprove_status hook_call(const binder_hook *h, const exprove_task *task, const exprove_plan_delta *delta,
                         const int64_t *numbers, uint32_t count, int64_t *result) {
  int64_t slots[HOOK_MOST_ARGUMENTS];
  void *values[HOOK_MOST_ARGUMENTS];
  if (count != h->numbers) return EXPROVE_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < h->count; i++) {
    const void *pointer = h->kinds[i] == HOOK_TASK ? (const void *)task : (const void *)delta;
    values[i] = &slots[i];
    if (h->kinds[i] == HOOK_TASK || h->kinds[i] == HOOK_PLAN_DELTA) {
      memcpy(&slots[i], &pointer, sizeof pointer);
      continue;
    }
    slots[i] = *numbers++;
    if (h->kinds[i] == HOOK_INT32 && slots[i] != (int32_t)slots[i]) return EXPROVE_INVALID_ARGUMENT;
  }
  ffi_arg answer = 0;
  ffi_call((ffi_cif *)(uintptr_t)&h->cif, h->code, &answer, values);
  *result = h->result == HOOK_INT32 ? (int32_t)answer : (int64_t)answer;
  return EXPROVE_OK;
}

void hook_close(binder_hook *h) { free(h); }

/* --- Requests --------------------------------------------------------------------------------- */

/* A distance in the place of a pointer becomes the pointer to so many bytes there; one to nothing becomes NULL. */
static int place(uint8_t *image, uint64_t size, void *pointer, uint64_t count, uint64_t each) {
  uint64_t distance = 0;
  memcpy(&distance, pointer, sizeof distance);
  if (count > size / each || distance > size - count * each || distance % (each > 1 ? 8 : 1) != 0) return 0;
  void *found = count > 0 ? image + distance : NULL;
  memcpy(pointer, &found, sizeof found);
  return 1;
}

static int place_text(uint8_t *image, uint64_t size, exprove_hook_text *text) {
  return place(image, size, (void *)&text->bytes, text->size, 1);
}

int hook_arrange(uint8_t *image, uint64_t size, uint64_t delta_place) {
  if (size < sizeof(exprove_task) + sizeof(exprove_plan_delta) || delta_place % 8 != 0 ||
      delta_place < sizeof(exprove_task) || delta_place > size - sizeof(exprove_plan_delta))
    return 0;
  exprove_task *task = (exprove_task *)(void *)image;
  exprove_plan_delta *delta = (exprove_plan_delta *)(void *)(image + delta_place);
  if (!place_text(image, size, &task->id) || !place_text(image, size, &task->account) ||
      !place_text(image, size, &task->instrument) || !place_text(image, size, &task->currency) ||
      !place(image, size, (void *)&task->venues, task->venue_count, sizeof(exprove_hook_venue)) ||
      !place(image, size, (void *)&delta->changes, delta->change_count, sizeof(exprove_hook_change)) ||
      !place(image, size, (void *)&delta->routes, delta->route_count, sizeof(exprove_hook_change)))
    return 0;
  for (uint32_t i = 0; i < task->venue_count; i++) {
    exprove_hook_venue *venue = (exprove_hook_venue *)(uintptr_t)&task->venues[i];
    if (!place_text(image, size, &venue->venue) || !place_text(image, size, &venue->symbol)) return 0;
  }
  return 1;
}
