// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Foundation
internal import Testing

/// Adapters in workers: what a good one gives must be what it gives in process, and what a bad one does stays there and
/// is named.
@Suite struct WorkerTests {
  private static let configuration = AdapterSession.Configuration(framing: .message)

  private static func plan(_ path: String) throws -> WorkerPlan {
    var plan = try WorkerPlan(AdapterImage.read(path: path))
    plan.deadline = Deadline(processor: 1, wall: 120)
    return plan
  }

  /// What a session gave until it was through or quarantined.
  struct Outcome {
    var events: [Event] = []
    var incidents: [AdapterIncident] = []
    var frames = 0
    var error: AdapterError?
  }

  private static func decode(
    _ session: inout AdapterSession, _ frames: [[UInt8]], room: Int = 1 << 14, between: (Int) -> Void = { _ in }
  ) -> Outcome {
    var outcome = Outcome()
    var batch = EventBatch(frames: frames.count, events: room, bytes: 1 << 20)
    ToyVenue.fill(&batch, frames)
    do {
      while outcome.frames < frames.count {
        between(outcome.frames)
        batch.removeEvents()
        outcome.frames += try session.decode(&batch, from: outcome.frames)
        for index in 0..<batch.eventCount { outcome.events.append(batch.event(at: index)) }
      }
    } catch {
      outcome.error = error
    }
    outcome.incidents = session.takeIncidents()
    return outcome
  }

  private static func inProcess(_ frames: [[UInt8]]) throws -> [Event] {
    var session = try AdapterSession(LoadedAdapter(AdapterImage.read(path: Workshop.adapter("correct"))), configuration)
    return decode(&session, frames).events
  }

  private static func isSame(_ left: [Event], _ right: [Event]) -> Bool {
    left.count == right.count
      && left.indices.allSatisfy { String(describing: left[$0]) == String(describing: right[$0]) }
  }

  @Test func givesTheSameAsInProcess() throws {
    let frames = ToyVenue.day(5000)
    var session = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    let sandbox = session.sandbox
    let level = try #require(sandbox)
    #expect(level.isWhole, "\(level.text)")
    for room in [1 << 14, 64, 5] {
      try session.reset()
      let outcome = Self.decode(&session, frames, room: room)
      #expect(outcome.error == nil && outcome.incidents.isEmpty)
      #expect(Self.isSame(outcome.events, try Self.inProcess(frames)))
    }
    #expect(try session.counters().reduce(0, +) == 5000)
    #expect(session.instruments.map(\.symbol) == [Array("ABC".utf8)])
  }

  @Test func savedStateMovesBetweenProcesses() throws {
    let frames = ToyVenue.day(600)
    let whole = try Self.inProcess(frames)
    var first = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    let begun = Self.decode(&first, Array(frames.prefix(300)))
    var second = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    try second.load(first.save())
    let rest = Self.decode(&second, Array(frames.suffix(300)))
    #expect(begun.events.count + rest.events.count == whole.count)
    #expect(rest.events.last?.price == whole.last?.price)
    var other = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: Workshop.adapter("correct"))), Self.configuration)
    try other.load(second.save())
    #expect(try other.counters() == second.counters())
    #expect(throws: AdapterError.self) { try second.load([1, 2, 3]) }
    #expect(try second.counters().reduce(0, +) == 0)
  }

  @Test func ordersAreEncodedThere() throws {
    let configuration = AdapterSession.Configuration(framing: .message, channel: .orderEntry)
    let worker = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), configuration)
    let direct = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: Workshop.adapter("correct"))), configuration)
    var request = OrderRequest()
    request.side = .buy
    request.orderID = 77
    request.price = 12_340_000_000
    request.quantity = 500
    request.symbol = Array("ABC".utf8)
    #expect(try worker.encode(request) == direct.encode(request))
    request.symbol = Array(repeating: 65, count: 33)
    #expect(throws: AdapterError.self) { try worker.encode(request) }
  }

  @Test(arguments: [UInt64](1...20)) func killedAtAnyMomentNothingIsLostOrDoubled(seed: UInt64) throws {
    let frames = ToyVenue.day(20_000)
    var session = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    let number = session.workerProcess
    let process = try #require(number)
    // From another thread, while calls are under way.
    let killer = Thread {
      usleep(UInt32(seed * 137 % 1500))
      kill(process, SIGKILL)
    }
    killer.start()
    let outcome = Self.decode(&session, frames, room: 3000)
    #expect(outcome.error == nil)
    #expect(Self.isSame(outcome.events, try Self.inProcess(frames)))
    for incident in outcome.incidents {
      #expect(incident.cause == .killed && !incident.isQuarantined)
    }
    while !killer.isFinished { usleep(100) }
  }

  @Test func killedOverAndOverBetweenCallsItGoesOn() throws {
    let frames = ToyVenue.day(4000)
    var session = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    var events: [Event] = []
    var incidents: [AdapterIncident] = []
    for start in stride(from: 0, to: frames.count, by: 400) {
      if let process = session.workerProcess { kill(process, SIGKILL) }
      let outcome = Self.decode(&session, Array(frames[start..<start + 400]))
      #expect(outcome.error == nil && outcome.frames == 400)
      events += outcome.events
      incidents += outcome.incidents
    }
    #expect(incidents.count == 10 && incidents.allSatisfy { $0.cause == .killed })
    #expect(events.count == (try Self.inProcess(frames)).count)
    #expect(try session.counters().reduce(0, +) == 4000)
  }

  // MARK: Strangers

  /// Something that an adapter does at order 500, and how it must be named.
  struct Deed: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var kind: String
    var words: String
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ kind: String, _ words: String) {
      self.name = name
      self.text = text
      self.kind = kind
      self.words = words
    }
  }

  static let deeds: [Deed] = [
    Deed("crashes", "*(volatile int *)16 = 1;", "crashed", "SIGSEGV at address 0x10"),
    Deed("divides", "volatile int zero = 0; zero = 5 / zero;", "crashed", "SIGFPE"),
    Deed("aborts", "abort();", "crashed", "SIGABRT"),
    Deed("recurses", "overflow(b->events);", "crashed", "SIGSEGV"),
    Deed("writes_behind", "memset(b->events + b->event_capacity, 1, 64);", "crashed", "SIGSEGV"),
    Deed("writes_input", "*(uint8_t *)(uintptr_t)b->bytes = 1;", "crashed", "SIGSEGV"),
    Deed("writes_frames", "((exprove_frame *)(uintptr_t)b->frames)->length = 1;", "crashed", "SIGSEGV"),
    Deed("heap", "char *p = malloc(24); memset(p, 65, 64); free(p); free(malloc(999)); free(p);", "crashed", "SIGABRT"),
    Deed("exits", "exit(3);", "ended", "code 3"),
    Deed("spins", "for (volatile int i = 0;; i++) {}", "overdue", "1 s of processor time"),
    Deed("sleeps", "struct timespec t = {1000, 0}; nanosleep(&t, NULL);", "forbidden-call", "nanosleep"),
    Deed("opens", "open(\"/etc/passwd\", O_RDONLY);", "forbidden-call", "open"),
    Deed("connects", "socket(AF_INET, SOCK_STREAM, 0);", "forbidden-call", "socket"),
    Deed("forks", "fork();", "forbidden-call", "clone"),
    Deed("threads", "pthread_t t; pthread_create(&t, NULL, idle, NULL);", "forbidden-call", "starting a thread"),
    Deed("executes", "execl(\"/bin/true\", \"true\", (char *)NULL);", "forbidden-call", "execve"),
    Deed("kills", "kill(getppid(), SIGKILL);", "forbidden-call", "system call"),
    Deed("prints", "fprintf(stdout, \"here\"); fflush(stdout);", "forbidden-call", "it called"),
    Deed(
      "maps_code", "mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);", "forbidden-call",
      "mmap"),
    Deed(
      "more_events",
      "b->frames_used = b->frame_count; b->events_filled = b->event_capacity + 1; return EXPROVE_OK;", "broke-rule",
      "filled"),
    Deed("more_frames", "b->frames_used = b->frame_count + 5; return EXPROVE_OK;", "broke-rule", "used"),
    Deed("no_progress", "b->frames_used = 0; return EXPROVE_OK;", "broke-rule", "used 0"),
    Deed(
      "bad_event", "base_decode(s, b); b->events[0].side = 9; return EXPROVE_OK;", "broke-rule", "side is 0, 1 or 2"),
    Deed("refuses", "return EXPROVE_INTERNAL;", "failed-call", "EXPROVE_INTERNAL"),
    Deed("unknown_status", "return 4711;", "failed-call", "4711"),
    Deed("hoards", "for (;;) memset(malloc(1 << 20), 1, 1 << 20);", "crashed", "memory of 64 MiB used up"),
  ]

  private static func wicked(_ name: String, _ text: String) throws -> String {
    try Workshop.text(
      "wicked_\(name)",
      """
      #define _GNU_SOURCE
      #include <fcntl.h>
      #include <pthread.h>
      #include <signal.h>
      #include <stdio.h>
      #include <stdlib.h>
      #include <sys/mman.h>
      #include <sys/socket.h>
      #include <time.h>
      #include <unistd.h>
      #define MANIFEST_ABI "1.1"
      #define MANIFEST_MORE "memory: 64\\n"
      #include "base.h"
      static void *idle(void *p) { return p; }
      static int overflow(void *p) { char big[4096]; memcpy(big, p, 64); return overflow(big) + big[7]; }
      static exprove_status decode(exprove_session *s, exprove_batch *b) {
        (void)idle; (void)overflow;
        for (uint32_t i = 0; i < b->frame_count; i++) {
          const uint8_t *at = b->bytes + b->frames[i].data;
          if (b->frames[i].length >= 9 && at[0] == 'A' && base_number(at + 5, 4) == 500) { \(text) }
        }
        return base_decode(s, b);
      }
      #define SLOT_DECODE decode
      #include "entry.h"
      """, flags: ["-Wno-error", "-w"])
  }

  @Test(arguments: deeds) func aStrangerIsContainedAndNamed(_ deed: Deed) throws {
    let frames = ToyVenue.day(1000)
    let good = try Self.inProcess(frames)
    var session = try AdapterSession(.worker(Self.plan(Self.wicked(deed.name, deed.text))), Self.configuration)
    let outcome = Self.decode(&session, frames)
    #expect(outcome.error?.code == .quarantined)
    // Everything before the frame in question is there, and nothing behind it.
    #expect(outcome.frames == 500)
    #expect(outcome.events.count == good.firstIndex { $0.frame == 500 })
    #expect(Self.isSame(outcome.events, Array(good.prefix(outcome.events.count))))
    #expect(outcome.incidents.count >= 3)
    for incident in outcome.incidents {
      #expect(incident.cause.kind == deed.kind, "\(incident.text)")
      #expect(incident.text.contains(deed.words), "\(incident.text)")
      #expect(incident.call == "decode")
    }
    let last = try #require(outcome.incidents.last)
    #expect(last.isQuarantined && last.frames?.count == 1)
    #expect(last.frames?.firstOffset == UInt64(frames.prefix(500).reduce(0) { $0 + $1.count }))
    #expect(throws: AdapterError.self) { _ = try session.counters() }
  }

  @Test func aChangedAnswerIsNoticed() throws {
    let path = try Workshop.text(
      "fickle",
      """
      #include "base.h"
      static exprove_status decode(exprove_session *s, exprove_batch *b) {
        exprove_status status = base_decode(s, b);
        for (uint32_t i = 0; i < b->events_filled; i++)
          if (b->events[i].kind == EXPROVE_KIND_ORDER_ADD) b->events[i].order_id = (uint64_t)(uintptr_t)s;
        return status;
      }
      #define SLOT_DECODE decode
      #include "entry.h"
      """)
    let frames = ToyVenue.day(100)
    var session = try AdapterSession(.worker(Self.plan(path)), Self.configuration)
    #expect(Self.decode(&session, Array(frames.prefix(50))).error == nil)
    if let process = session.workerProcess { kill(process, SIGKILL) }
    let outcome = Self.decode(&session, Array(frames.suffix(50)))
    #expect(outcome.error?.code == .quarantined)
    #expect(outcome.incidents.map(\.cause.kind) == ["killed", "changed-answer", "changed-answer"])
  }

  @Test(arguments: [
    (
      "constructor", "__attribute__((constructor)) static void early(void) { open(\"/etc/passwd\", O_RDWR); }", "openat"
    ),
    (
      "constructor_reads",
      "__attribute__((constructor)) static void early(void) { if (open(\"/etc/passwd\", O_RDONLY) >= 0) abort(); }", ""
    ),
    ("constructor_forks", "__attribute__((constructor)) static void early(void) { fork(); }", "clone"),
    ("constructor_crashes", "__attribute__((constructor)) static void early(void) { abort(); }", "SIGABRT"),
  ]) func theSandboxStandsBeforeConstructors(_ name: String, _ text: String, _ words: String) throws {
    let path = try Workshop.text(
      name,
      """
      #define _GNU_SOURCE
      #include <fcntl.h>
      #include <stdlib.h>
      #include <unistd.h>
      \(text)
      #include "base.h"
      #include "entry.h"
      """, flags: ["-w"])
    let plan = try Self.plan(path)
    guard !words.isEmpty else {
      // No file can be opened, and that alone is no reason to end.
      _ = try AdapterSession(.worker(plan), Self.configuration)
      return
    }
    do {
      _ = try AdapterSession(.worker(plan), Self.configuration)
      Issue.record("it was opened")
    } catch {
      #expect(error.message.contains(words) && error.message.contains("dlopen"), "\(error.message)")
    }
  }

  @Test func aThrownExceptionEndsTheWorkerAlone() throws {
    let path = try Workshop.text(
      "throws",
      """
      #include "base.h"
      extern void *__cxa_allocate_exception(size_t) __attribute__((weak));
      extern void __cxa_throw(void *, void *, void (*)(void *)) __attribute__((weak));
      extern void *_ZTIi __attribute__((weak));
      static exprove_status decode(exprove_session *s, exprove_batch *b) {
        (void)s; (void)b;
        __cxa_throw(__cxa_allocate_exception(4), &_ZTIi, NULL);
        return EXPROVE_OK;
      }
      #define SLOT_DECODE decode
      #include "entry.h"
      """, flags: ["-fexceptions", "-lstdc++"])
    var session = try AdapterSession(.worker(Self.plan(path)), Self.configuration)
    let outcome = Self.decode(&session, ToyVenue.day(10))
    #expect(outcome.error?.code == .quarantined && outcome.frames == 0)
    #expect(outcome.incidents.allSatisfy { $0.text.contains("SIGABRT") }, "\(outcome.incidents.map(\.text))")
  }

  @Test func aFrameBeyondTheLinkIsRefused() throws {
    var session = try AdapterSession(.worker(Self.plan(Workshop.adapter("correct"))), Self.configuration)
    let size = (16 << 20) + 1
    var batch = EventBatch(frames: 2, events: 64, bytes: size + 64)
    ToyVenue.fill(&batch, [ToyVenue.define(0, "ABC", sequence: 1), [UInt8](repeating: 65, count: size)])
    // What comes before it is delivered first.
    #expect(try session.decode(&batch) == 1)
    #expect(batch.eventCount > 0)
    batch.removeEvents()
    do {
      _ = try session.decode(&batch, from: 1)
      Issue.record("it was taken")
    } catch {
      #expect(error.code == .tooLarge && error.message.contains("16777217"), "\(error.message)")
    }
    #expect(batch.eventCount == 0)
  }

  @Test func refusalsKeepTheirWords() throws {
    let plan = try Self.plan(Workshop.adapter("correct"))
    #expect(throws: AdapterError.self) {
      _ = try AdapterSession(.worker(plan), .init(framing: .length16, channel: .orderEntry))
    }
    do {
      let missing = try WorkerPlan(plan.image, program: "/nowhere/exprove-worker")
      _ = try AdapterSession(.worker(missing), Self.configuration)
      Issue.record("it was started")
    } catch {
      #expect(error.message.contains("/nowhere/exprove-worker"))
    }
  }

  @Test func sixtyFourAtOnce() throws {
    let plan = try Self.plan(Workshop.adapter("correct"))
    let frames = ToyVenue.day(50)
    let expected = try Self.inProcess(frames)
    let sessions = try (0..<64).map { _ in Box(try AdapterSession(.worker(plan), Self.configuration)) }
    for box in sessions { #expect(Self.isSame(Self.decode(&box.session, frames).events, expected)) }
  }

  private final class Box {
    var session: AdapterSession
    init(_ session: consuming AdapterSession) { self.session = session }
  }
}
