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
