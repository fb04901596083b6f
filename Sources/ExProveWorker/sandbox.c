// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker_link.h"

uint32_t sandbox_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }

/* Bytes of address space in use: proc(5), statm. */
static uint64_t address_space(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long pages = 0;
  int count = fscanf(file, "%lu", &pages);
  fclose(file);
  return count == 1 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static int limit(int resource, uint64_t value) {
  struct rlimit limit = {value, value};
  return setrlimit(resource, &limit) == 0;
}

uint32_t sandbox_limits(uint64_t memory) {
  int all = limit(RLIMIT_AS, address_space() + memory) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
            limit(RLIMIT_NOFILE, 16) && limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) &&
            limit(RLIMIT_NICE, 0) && limit(RLIMIT_RTPRIO, 0) && limit(RLIMIT_SIGPENDING, 16);
  return all ? 1 : 0;
}

/* --- Landlock: linux/landlock.h, whose newer parts older systems lack --------------------------- */

#define SYS_LANDLOCK_CREATE_RULESET 444
#define SYS_LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_CREATE_RULESET_VERSION_FLAG 1u

struct landlock_rules {
  uint64_t files, network, scopes;
};

uint32_t sandbox_landlock(void) {
  long abi = syscall(SYS_LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION_FLAG);
  if (abi < 1) return 0;
  struct landlock_rules rules = {0};
  /* Thirteen rights of files in the first version; REFER, TRUNCATE and IOCTL_DEV came with 2, 3 and 5. */
  int rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  rules.files = (1u << rights) - 1;
  if (abi >= 4) rules.network = 3; /* bind and connect of TCP */
  if (abi >= 6) rules.scopes = 3;  /* abstract sockets and signals to others */
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  long ruleset = syscall(SYS_LANDLOCK_CREATE_RULESET, &rules, size, 0);
  if (ruleset < 0) return 0;
  long result = syscall(SYS_LANDLOCK_RESTRICT_SELF, (int)ruleset, 0);
  close((int)ruleset);
  return result == 0 ? (uint32_t)abi : 0;
}

/* --- seccomp ------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define MOST_INSTRUCTIONS 256

typedef struct filter {
  struct sock_filter code[MOST_INSTRUCTIONS];
  unsigned short count;
} filter;

static void emit(filter *filter, uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
  if (filter->count < MOST_INSTRUCTIONS)
    filter->code[filter->count++] = (struct sock_filter){code, yes, no, value};
}

static void load(filter *filter, size_t offset) { emit(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0); }
static void allow(filter *filter) { emit(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0); }
static void stop(filter *filter) { emit(filter, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0); }

/* The lower and the upper half of an argument. */
static size_t lower(int argument) { return offsetof(struct seccomp_data, args) + 8 * (size_t)argument; }
static size_t upper(int argument) { return lower(argument) + 4; }

/* Fails a call that libraries make to look around, and that nobody needs. */
static void fail_call(filter *filter, long number, uint16_t error) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
  emit(filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0);
}

static void allow_call(filter *filter, long number) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
  allow(filter);
}

/* Allows a call where none of `bits` is set in the lower half of an argument. */
static void allow_without(filter *filter, long number, int argument, uint32_t bits) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
  load(filter, lower(argument));
  emit(filter, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  stop(filter);
  allow(filter);
}

/* Allows a call where both halves of an argument have a value. */
static void allow_where(filter *filter, long number, int argument, uint64_t value) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 6);
  load(filter, lower(argument));
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value, 0, 3);
  load(filter, upper(argument));
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value >> 32), 0, 1);
  allow(filter);
  stop(filter);
}

/* Anonymous memory that holds no code. */
static void allow_memory(filter *filter) {
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 7);
  load(filter, lower(2));
  emit(filter, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 4, 0);
  load(filter, lower(3));
  emit(filter, BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 2, 0);
  emit(filter, BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 1);
  allow(filter);
  stop(filter);
}

static void begin(filter *filter) {
  load(filter, offsetof(struct seccomp_data, arch));
  emit(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  emit(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  load(filter, offsetof(struct seccomp_data, nr));
}

uint32_t sandbox_filter(sandbox_stage stage, uint32_t needs) {
  static const long both[] = {SYS_futex,        SYS_brk,          SYS_munmap,      SYS_mremap,
                              SYS_madvise,      SYS_exit,         SYS_exit_group,  SYS_rt_sigreturn,
                              SYS_rt_sigprocmask, SYS_getpid,     SYS_gettid,      SYS_sched_yield,
                              SYS_sched_getaffinity, SYS_sysinfo, SYS_restart_syscall};
  filter program = {0};
  begin(&program);
  for (size_t index = 0; index < sizeof both / sizeof *both; index++) allow_call(&program, both[index]);
  allow_where(&program, SYS_tgkill, 0, (uint64_t)getpid());
  allow_where(&program, SYS_prlimit64, 2, 0);
  /* The last words of libc and libstdc++; they go nowhere. */
  allow_where(&program, SYS_write, 0, 2);
  allow_where(&program, SYS_writev, 0, 2);
  fail_call(&program, SYS_ioctl, ENOTTY); /* whether standard error is a terminal, of runtimes */
  if (needs & WORKER_NEEDS_ENTROPY) allow_call(&program, SYS_getrandom);
  if (stage == SANDBOX_LOADING) {
    static const long loading[] = {SYS_read,  SYS_pread64, SYS_fstat, SYS_newfstatat, SYS_close,
                                   SYS_lseek, SYS_mmap,    SYS_mprotect, SYS_seccomp};
    for (size_t index = 0; index < sizeof loading / sizeof *loading; index++) allow_call(&program, loading[index]);
    allow_without(&program, SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
  } else {
    allow_memory(&program);
    allow_without(&program, SYS_mprotect, 2, PROT_EXEC);
  }
  stop(&program);
  struct sock_fprog code = {program.count, program.code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &code) == 0 ? (uint32_t)stage : 0;
}
