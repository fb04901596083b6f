// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "crash.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static worker_answers *note;
static uint64_t code_start, code_end;

static uint64_t instruction(const void *context) {
  const ucontext_t *machine = context;
#if defined(__x86_64__)
  return (uint64_t)machine->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return machine->uc_mcontext.pc;
#endif
}

/* Only the first one counts: what follows may be its consequence. */
static void record(int number, siginfo_t *info, void *context) {
  if (note->signal == 0) {
    uint64_t place = instruction(context);
    note->instruction = place >= code_start && place < code_end ? place - code_start : 0;
    note->address = number == SIGSYS ? 0 : (uint64_t)(uintptr_t)info->si_addr;
    if (number == SIGSYS) note->system_call = (uint32_t)info->si_syscall + 1;
    void *more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    note->is_out_of_memory = more == MAP_FAILED;
    note->signal = (uint32_t)number;
  }
  /* Back into the fault, which now ends the process; what was raised does not come again by itself. */
  if (number == SIGSYS || info->si_code <= 0) _exit(128 + number);
}

int crash_watch(worker_answers *answers) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  note = answers;
  size_t size = 64 << 10;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  stack_t stack = {.ss_sp = memory, .ss_size = size};
  if (sigaltstack(&stack, NULL) != 0) return 0;
  struct sigaction action = {.sa_sigaction = record, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index++)
    if (sigaction(signals[index], &action, NULL) != 0) return 0;
  return 1;
}

void crash_adapter(uint64_t start, uint64_t end) {
  code_start = start;
  code_end = end;
}
