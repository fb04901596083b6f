// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "adapter.h"

void adapter_step(worker *worker, worker_step step) {
  worker->answers->step = step;
  worker->answers->calls++;
}

uint32_t patience(const worker *worker) { return worker->orders->is_beside ? 0 : WORKER_PATIENCE; }

/* Waits until the host has taken a slot of the full ring. */
static void wait_for_room(worker *worker) {
  for (uint32_t turn = 0;; turn++) {
    uint32_t taken = worker_read(&worker->orders->taken);
    if (worker->filled - taken < worker->setup->slot_count) return;
    if (turn < patience(worker)) {
      worker_give_way(turn);
      continue;
    }
    worker_write(&worker->answers->is_waiting, 1);
    if (worker_read(&worker->orders->taken) == taken) worker_sleep(&worker->orders->taken, taken, 100000000);
    worker_write(&worker->answers->is_waiting, 0);
  }
}

/* How many frames lie there, more than `next`. */
static uint32_t wait_for_frames(worker *worker, uint32_t next, uint32_t count) {
  for (uint32_t turn = 0;; turn++) {
    uint32_t available = worker_read(&worker->orders->available);
    if (available > next) return available < count ? available : count;
    if (turn < patience(worker)) {
      worker_give_way(turn);
      continue;
    }
    worker_write(&worker->answers->is_waiting, 1);
    if (worker_read(&worker->orders->available) == available)
      worker_sleep(&worker->orders->available, available, 100000000);
    worker_write(&worker->answers->is_waiting, 0);
  }
}

static void publish(worker *worker) {
  worker->filled++;
  worker_write(&worker->answers->filled, worker->filled);
  worker_write(&worker->answers->progress, worker->answers->progress + 1);
  if (worker_read(&worker->orders->is_waiting)) worker_wake(&worker->answers->progress);
}

/* Frames in order, a slot of events for each call of the adapter; ends with the first call that is not as it should be,
 * which the host sees in the slot. */
static exprove_status decode(worker *worker) {
  const worker_setup *setup = worker->setup;
  uint32_t count = worker->orders->frame_count, each = worker->orders->frames_per_call, next = 0;
  const exprove_frame *frames = worker->frames + worker->orders->first;
  uint64_t budget = worker->orders->budget;
  while (next < count && budget >= setup->max_events) {
    wait_for_room(worker);
    uint32_t here = wait_for_frames(worker, next, count) - next;
    uint8_t *place = worker->slots + worker_slot_size(setup) * (worker->filled % setup->slot_count);
    worker_slot *slot = (worker_slot *)place;
    uint32_t capacity = budget < setup->slot_events ? (uint32_t)budget : setup->slot_events;
    exprove_batch batch = {sizeof batch,
                           here < each ? here : each,
                           worker->bytes + worker->orders->bytes_offset,
                           worker->orders->bytes_size,
                           frames + next,
                           (exprove_event *)(place + worker_events_offset(setup, capacity)),
                           capacity,
                           0,
                           0,
                           0};
    worker->answers->frame = next;
    worker->answers->frames = batch.frame_count;
    adapter_step(worker, WORKER_STEP_DECODE);
    exprove_status status = worker->table.decode(worker->session, &batch);
    adapter_step(worker, WORKER_STEP_OUTSIDE);
    slot->status = status;
    slot->used = batch.frames_used;
    slot->filled = batch.events_filled;
    publish(worker);
    if (status != EXPROVE_OK || batch.frames_used == 0 || batch.frames_used > batch.frame_count ||
        batch.events_filled > capacity)
      break;
    next += batch.frames_used;
    budget -= batch.events_filled;
  }
  worker->answers->size = next;
  return EXPROVE_OK;
}

static exprove_status counters(worker *worker) {
  uint64_t count = worker->orders->size;
  if (count > WORKER_NOTE_SIZE / 8) return EXPROVE_INVALID_ARGUMENT;
  memset(worker->note, 0, count * 8);
  adapter_step(worker, WORKER_STEP_COUNTERS);
  exprove_status status = worker->table.counters(worker->session, (uint64_t *)(void *)worker->note, (uint32_t)count);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  return status;
}

static int make_room(worker *worker, uint64_t size) {
  if (size <= worker->state_room) return 1;
  free(worker->state);
  worker->state = malloc(size);
  worker->state_room = worker->state ? size : 0;
  return worker->state != NULL;
}

static exprove_status save(worker *worker) {
  for (int turn = 0; turn < 3; turn++) {
    uint64_t size = 0;
    adapter_step(worker, WORKER_STEP_SAVE);
    exprove_status status = worker->table.save(worker->session, worker->state, worker->state_room, &size);
    adapter_step(worker, WORKER_STEP_OUTSIDE);
    worker->state_size = size;
    worker->answers->size = size;
    if (status == EXPROVE_OK && size <= worker->state_room) {
      if (size > 0) memcpy(worker->note, worker->state, size < WORKER_NOTE_SIZE ? size : WORKER_NOTE_SIZE);
      return EXPROVE_OK;
    }
    if (status != EXPROVE_TOO_SMALL && status != EXPROVE_OK) return status;
    if (!make_room(worker, size)) return EXPROVE_OUT_OF_MEMORY;
  }
  return EXPROVE_TOO_SMALL;
}

static exprove_status give_saved(worker *worker) {
  uint64_t offset = worker->orders->offset, size = worker->orders->size;
  if (size > WORKER_NOTE_SIZE || offset > worker->state_size || size > worker->state_size - offset)
    return EXPROVE_INVALID_ARGUMENT;
  memcpy(worker->note, worker->state + offset, size);
  return EXPROVE_OK;
}

static exprove_status restore(worker *worker) {
  uint64_t offset = worker->orders->offset, size = worker->orders->size, total = worker->orders->total;
  if (offset == 0 && !make_room(worker, total ? total : 1)) return EXPROVE_OUT_OF_MEMORY;
  if (size > WORKER_NOTE_SIZE || total > worker->state_room || offset > total || size > total - offset)
    return EXPROVE_INVALID_ARGUMENT;
  memcpy(worker->state + offset, worker->host_note, size);
  if (offset + size < total) return EXPROVE_OK;
  adapter_step(worker, WORKER_STEP_LOAD);
  exprove_status status = worker->table.load(worker->session, worker->state, total);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  return status;
}

static exprove_status reset(worker *worker) {
  adapter_step(worker, WORKER_STEP_RESET);
  exprove_status status = worker->table.reset(worker->session);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  return status;
}

static exprove_status frame_time(worker *worker) {
  if (!worker->table.frame_time) return EXPROVE_NOT_IMPLEMENTED;
  adapter_step(worker, WORKER_STEP_FRAME_TIME);
  exprove_status status =
      worker->table.frame_time(worker->session, worker->bytes + worker->orders->bytes_offset, worker->orders->bytes_size,
                               worker->frames + worker->orders->first, worker->orders->frame_count, (int64_t *)(void *)worker->note);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  return status;
}

static exprove_status encode(worker *worker) {
  if (!worker->orders_out.encode) return EXPROVE_NOT_IMPLEMENTED;
  exprove_order_request request;
  memcpy(&request, worker->host_note, sizeof request);
  uint64_t room = worker->orders->size < WORKER_NOTE_SIZE ? worker->orders->size : WORKER_NOTE_SIZE;
  uint32_t size = 0;
  exprove_text text = {worker->answers->text, WORKER_TEXT_SIZE, 0};
  adapter_step(worker, WORKER_STEP_ENCODE);
  exprove_status status =
      worker->orders_out.encode(worker->session, &request, worker->note, (uint32_t)room, &size, &text);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  worker->answers->text_size = text.size > WORKER_TEXT_SIZE ? WORKER_TEXT_SIZE : text.size;
  worker->answers->size = size;
  return status;
}

void adapter_call(worker *worker, uint32_t call) {
  exprove_status status = EXPROVE_INVALID_ARGUMENT;
  worker->answers->text_size = 0;
  worker->answers->size = 0;
  if ((call == WORKER_CALL_HOOK) != (worker->library != NULL)) {
    worker->answers->status = EXPROVE_INVALID_STATE;
    return;
  }
  switch (call) {
    case WORKER_CALL_RESET: status = reset(worker); break;
    case WORKER_CALL_DECODE: status = decode(worker); break;
    case WORKER_CALL_COUNTERS: status = counters(worker); break;
    case WORKER_CALL_SAVE: status = save(worker); break;
    case WORKER_CALL_SAVED: status = give_saved(worker); break;
    case WORKER_CALL_RESTORE: status = restore(worker); break;
    case WORKER_CALL_FRAME_TIME: status = frame_time(worker); break;
    case WORKER_CALL_ENCODE: status = encode(worker); break;
    case WORKER_CALL_EXTENSION: status = adapter_call_extension(worker); break;
    case WORKER_CALL_HOOK: status = hooks_call(worker); break;
    default: break;
  }
  worker->answers->status = status;
}
