// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <hook.h>

#include "adapter.h"
#include "crash.h"

static exprove_status ask(worker *worker, const hook_request *request, uint8_t *image, exprove_text *text) {
  if (!hook_arrange(image, request->image_size, request->delta)) return EXPROVE_INVALID_ARGUMENT;
  binder_hook *hook = NULL;
  exprove_status status = hook_open(worker->library, request->symbol, request->types, request->type_count, &hook, text);
  if (status != EXPROVE_OK) return status;
  int64_t result = 0;
  adapter_step(worker, WORKER_STEP_HOOK);
  status = hook_call(hook, (const exprove_task *)(const void *)image,
                     (const exprove_plan_delta *)(const void *)(image + request->delta), request->numbers,
                     request->number_count, &result);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  hook_close(hook);
  memcpy(&worker->answers->size, &result, sizeof result);
  return status;
}

/* The function is shown a copy: what lies in the inlet has distances, and is the host's. */
exprove_status hooks_call(worker *worker) {
  hook_request request;
  if (worker->setup->byte_capacity < sizeof request) return EXPROVE_INVALID_ARGUMENT;
  memcpy(&request, worker->bytes, sizeof request);
  if (request.type_count > sizeof request.types || request.number_count > HOOK_MOST_ARGUMENTS ||
      request.image_size > worker->setup->byte_capacity - sizeof request ||
      memchr(request.symbol, 0, sizeof request.symbol) == NULL)
    return EXPROVE_INVALID_ARGUMENT;
  uint8_t *image = malloc(request.image_size ? request.image_size : 1);
  if (image == NULL) return EXPROVE_OUT_OF_MEMORY;
  memcpy(image, worker->bytes + sizeof request, request.image_size);
  exprove_text text = {worker->answers->text, WORKER_TEXT_SIZE, 0};
  exprove_status status = ask(worker, &request, image, &text);
  worker->answers->text_size = text.size > WORKER_TEXT_SIZE ? WORKER_TEXT_SIZE : text.size;
  free(image);
  return status;
}
