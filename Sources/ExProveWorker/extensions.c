// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "adapter.h"

const void *adapter_extension(worker *worker, const char *id, uint32_t least) {
  if (!worker->table.extension) return NULL;
  adapter_step(worker, WORKER_STEP_EXTENSION);
  const void *found = worker->table.extension(id);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  uint32_t size = 0;
  if (found) memcpy(&size, found, sizeof size);
  return size >= least ? found : NULL;
}

static exprove_status health(worker *worker, uint32_t size) {
  const exprove_health_v1 *table = adapter_extension(worker, EXPROVE_EXTENSION_HEALTH_1, sizeof *table);
  if (!table || !table->report) return EXPROVE_NOT_IMPLEMENTED;
  memset(worker->note, 0, size);
  memcpy(worker->note, &size, sizeof size);
  adapter_step(worker, WORKER_STEP_EXTENSION);
  return table->report(worker->session, (exprove_health *)(void *)worker->note);
}

static exprove_status capabilities(worker *worker, uint32_t size) {
  const exprove_order_entry_v1 *table = adapter_extension(worker, EXPROVE_EXTENSION_ORDER_ENTRY_1, sizeof *table);
  if (!table || !table->capabilities) return EXPROVE_NOT_IMPLEMENTED;
  memset(worker->note, 0, size);
  memcpy(worker->note, &size, sizeof size);
  adapter_step(worker, WORKER_STEP_EXTENSION);
  return table->capabilities(worker->session, (exprove_order_capabilities *)(void *)worker->note);
}

static exprove_status snapshot(worker *worker, uint32_t size, uint32_t room) {
  const exprove_snapshot_v1 *table = adapter_extension(worker, EXPROVE_EXTENSION_SNAPSHOT_1, sizeof *table);
  if (!table || !table->request) return EXPROVE_NOT_IMPLEMENTED;
  exprove_event event;
  memcpy(&event, worker->host_note, sizeof event);
  memset(worker->note, 0, size);
  memcpy(worker->note, &size, sizeof size);
  exprove_text text = {worker->answers->text, WORKER_TEXT_SIZE, 0};
  adapter_step(worker, WORKER_STEP_EXTENSION);
  exprove_status status = table->request(worker->session, &event, worker->note + size, room,
                                         (exprove_snapshot_request *)(void *)worker->note, &text);
  worker->answers->text_size = text.size > WORKER_TEXT_SIZE ? WORKER_TEXT_SIZE : text.size;
  return status;
}

static exprove_status instruments(worker *worker, uint32_t count, uint32_t stride) {
  const exprove_instruments_v1 *table = adapter_extension(worker, EXPROVE_EXTENSION_INSTRUMENTS_1, sizeof *table);
  if (!table || !table->page || table->record_size < stride) return EXPROVE_NOT_IMPLEMENTED;
  uint32_t counts[2] = {0, 0};
  memset(worker->note + 64, 0, (size_t)count * stride);
  adapter_step(worker, WORKER_STEP_EXTENSION);
  exprove_status status = table->page(worker->session, worker->orders->first, worker->note + 64, stride, count,
                                      &counts[0], &counts[1]);
  memcpy(worker->note, counts, sizeof counts);
  return status;
}

exprove_status adapter_call_extension(worker *worker) {
  uint64_t size = worker->orders->size, total = worker->orders->total;
  if (size > 65536 || total > 65536 || size * (total ? total : 1) > WORKER_NOTE_SIZE - 65536) {
    if (worker->orders->offset != WORKER_EXTENSION_SNAPSHOT) return EXPROVE_INVALID_ARGUMENT;
  }
  exprove_status status = EXPROVE_INVALID_ARGUMENT;
  switch (worker->orders->offset) {
    case WORKER_EXTENSION_HEALTH: status = health(worker, (uint32_t)size); break;
    case WORKER_EXTENSION_CAPABILITIES: status = capabilities(worker, (uint32_t)size); break;
    case WORKER_EXTENSION_SNAPSHOT: status = snapshot(worker, (uint32_t)size, (uint32_t)total); break;
    case WORKER_EXTENSION_INSTRUMENTS: status = instruments(worker, (uint32_t)size, (uint32_t)total); break;
    default: break;
  }
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  return status;
}
