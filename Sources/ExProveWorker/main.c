// SPDX-License-Identifier: Apache-2.0
//
// The process of one adapter session. The host starts it with two memory files and a sealed copy of the adapter; it
// shuts itself in, loads the adapter and answers the host's calls until it is killed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adapter.h"
#include "crash.h"
#include "sandbox.h"

/* Maps both files; 0 when they are not what a host of this version made. */
static int map_link(worker *worker) {
  const uint8_t *head = mmap(NULL, WORKER_PAGE, PROT_READ, MAP_SHARED, WORKER_INLET_FD, 0);
  if (head == MAP_FAILED) return 0;
  worker_setup setup;
  memcpy(&setup, head, sizeof setup);
  if (setup.version != WORKER_LINK_VERSION || setup.version_count > 4 || setup.setting_count > 256) return 0;
  const uint8_t *inlet = mmap(NULL, worker_inlet_size(&setup), PROT_READ, MAP_SHARED, WORKER_INLET_FD, 0);
  uint8_t *outlet = mmap(NULL, worker_outlet_size(&setup), PROT_READ | PROT_WRITE, MAP_SHARED, WORKER_OUTLET_FD, 0);
  if (inlet == MAP_FAILED || outlet == MAP_FAILED) return 0;
  worker->setup = (const worker_setup *)inlet;
  worker->orders = (const worker_orders *)(inlet + worker_orders_offset());
  worker->frames = (const exprove_frame *)(inlet + worker_frames_offset());
  worker->bytes = inlet + worker_bytes_offset(&setup);
  worker->host_note = inlet + worker_host_note_offset(&setup);
  worker->answers = (worker_answers *)outlet;
  worker->log = (worker_log_line *)(outlet + worker_log_offset());
  worker->slots = outlet + worker_slots_offset();
  worker->note = outlet + worker_note_offset(&setup);
  for (uint32_t slot = 0; slot < setup.slot_count; slot++) {
    uint8_t *guard = worker->slots + worker_slot_size(&setup) * slot + worker_slot_room(&setup);
    if (mprotect(guard, WORKER_PAGE, PROT_NONE) != 0) return 0;
  }
  close(WORKER_INLET_FD);
  close(WORKER_OUTLET_FD);
  return 1;
}

/* The system's own libraries that the adapter needs: the loader then finds them by name, and no file is opened inside
 * the sandbox but the adapter's. */
static void open_libraries(const worker *worker) {
  const char *name = (const char *)worker->host_note;
  for (uint32_t index = 0; index < worker->setup->library_count; index++) {
    dlopen(name, RTLD_NOW | RTLD_LOCAL);
    name += strlen(name) + 1;
  }
  /* The allocator asks for entropy once. */
  free(malloc(64));
}

static void enclose(worker *worker) {
  worker_answers *answers = worker->answers;
  answers->no_new_privileges = sandbox_no_new_privileges();
  answers->limits = sandbox_limits(worker->setup->memory);
  answers->landlock = sandbox_landlock();
  answers->seccomp = sandbox_filter(SANDBOX_LOADING, worker->setup->needs);
}

static void ready(worker *worker) {
  worker_write(&worker->answers->is_ready, 1);
  worker_write(&worker->answers->progress, worker->answers->progress + 1);
  worker_wake(&worker->answers->progress);
}

static uint32_t next_call(worker *worker, uint32_t answered) {
  for (uint32_t turn = 0;; turn++) {
    uint32_t posted = worker_read(&worker->orders->posted);
    if (posted != answered) return worker->orders->call;
    if (turn < patience(worker)) {
      worker_give_way(turn);
      continue;
    }
    worker_write(&worker->answers->is_waiting, 1);
    if (worker_read(&worker->orders->posted) == posted) worker_sleep(&worker->orders->posted, posted, 900000000);
    worker_write(&worker->answers->is_waiting, 0);
  }
}

static void answer(worker *worker, uint32_t answered) {
  worker_write(&worker->answers->answered, answered);
  worker_write(&worker->answers->progress, worker->answers->progress + 1);
  if (worker_read(&worker->orders->is_waiting)) worker_wake(&worker->answers->progress);
}

static exprove_status start(worker *worker) {
  int is_early = (worker->setup->needs & WORKER_NEEDS_EARLY_LOAD) != 0;
  exprove_status status = worker->setup->is_hooks ? hooks_load(worker) : adapter_load(worker);
  if (is_early) enclose(worker);
  if (status == EXPROVE_OK) {
    uint32_t stage = sandbox_filter(SANDBOX_RUNNING, worker->setup->needs);
    if (stage) worker->answers->seccomp = stage;
    if (!worker->setup->is_hooks) status = adapter_open(worker);
  }
  return status;
}

int main(void) {
  static worker worker;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!map_link(&worker)) {
    fputs("exprove-worker: a host starts this program; by itself it does nothing\n", stderr);
    return 64;
  }
  /* A host that was gone before its death could be told of tells nobody. */
  if (getppid() != worker.setup->host) return 0;
  if (!crash_watch(worker.answers)) return 70;
  open_libraries(&worker);
  /* What fails here is told when the adapter is loaded. */
  (void)adapter_prepare(&worker);
  if (!(worker.setup->needs & WORKER_NEEDS_EARLY_LOAD)) enclose(&worker);
  ready(&worker);
  for (uint32_t answered = 0;; answered++) {
    uint32_t call = next_call(&worker, answered);
    if (call == WORKER_CALL_START) {
      worker.answers->status = start(&worker);
    } else if (worker.session || worker.library) {
      adapter_call(&worker, call);
    } else {
      worker.answers->status = EXPROVE_INVALID_STATE;
    }
    answer(&worker, answered + 1);
  }
}
