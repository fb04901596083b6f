// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing

/// What extensions answer is held against their rules, whatever they answer.
@Suite struct ExtensionTests {
  /// A session of the base with one more extension: its table is `table`, after `text`.
  private func session(
    _ name: String, _ id: String, _ text: String, channel: Channel = .marketData
  ) throws -> AdapterSession {
    let path = try Workshop.text(
      "extension_\(name)",
      """
      #include "base.h"
      \(text)
      static const void *more(const char *id);
      #define SLOT_EXTENSION more
      #define MANIFEST_ABI "1.1"
      #define MANIFEST_MORE "\(id == "exprove.order_entry/1" ? "" : "extension: \(id)\\n")"
      #include "entry.h"
      static const void *more(const char *id) { return id && strcmp(id, "\(id)") == 0 ? &table : base_extension(id); }
      """)
    var session = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: path)), .init(framing: .message, channel: channel))
    if channel == .marketData {
      var batch = EventBatch(frames: 8, events: 64, bytes: 1024)
      ToyVenue.fill(&batch, [ToyVenue.define(0, "ABC", scale: 2, sequence: 1), ToyVenue.define(1, "DE", sequence: 2)])
      #expect(try session.decode(&batch) == 2)
    }
    return session
  }

  private func expect(_ rule: ExtensionRule, _ words: String = "", _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("it is taken")
    } catch let error as AdapterError {
      #expect(error.code == .contract && error.message.contains(rule.id) && error.message.contains(words), "\(error)")
      #expect(error.message.contains(rule.reason))
    } catch {
      Issue.record("\(error)")
    }
  }

  // MARK: health/1

  private static func health(_ text: String) -> String {
    """
    static exprove_status report(const exprove_session *s, exprove_health *out) {
      uint32_t room = out->struct_size;
      *out = (exprove_health){.struct_size = room, .sequence_state = 2, .frames = 2, .gaps = 1, .missing = 4,
        .next_sequence = s->sequence + 1, .last_event_time = INT64_MIN};
      \(text)
      return EXPROVE_OK;
    }
    static const exprove_health_v1 table = {sizeof table, 0, report};
    """
  }

  @Test func healthIsReported() throws {
    let report = try #require(try session("health", "exprove.health/1", ExtensionTests.health("")).health())
    #expect(report.sequenceState == .broken && report.frames == 2 && report.malformed == 0 && report.unknown == 0)
    #expect(report.gaps == 1 && report.missing == 4 && report.nextSequence == 3 && report.lastEventTime == nil)
    let none = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: try Workshop.adapter("correct"))), .init(framing: .message))
    #expect(try none.health() == nil && none.instrumentStates() == nil && none.snapshotRequest(for: Event()) == nil)
  }

  @Test(arguments: [
    ("state", "out->sequence_state = 4;", "state 4"), ("size", "out->struct_size = 8;", "8 of 64"),
    ("missing", "out->gaps = 0;", "0 gaps"), ("intact", "out->sequence_state = 1;", "intact"),
  ])
  func aHealthReportThatLiesIsRefused(name: String, text: String, words: String) throws {
    let session = try session("health_\(name)", "exprove.health/1", ExtensionTests.health(text))
    expect(.healthReport, words) { _ = try session.health() }
  }

  // MARK: instruments/1

  private static func pages(_ text: String) -> String {
    """
    static exprove_status page(const exprove_session *s, uint32_t first, void *records, uint32_t stride,
                               uint32_t capacity, uint32_t *filled, uint32_t *total) {
      *filled = 0;
      *total = s->count;
      for (uint32_t i = first; i < s->count && *filled < capacity; i++) {
        exprove_instrument_record r = {.instrument = i, .text = i, .quantity_scale = s->scale[i], .status = 3, .book = 1};
        \(text)
        memcpy((char *)records + (size_t)(*filled)++ * stride, &r, sizeof r);
      }
      return EXPROVE_OK;
    }
    static const exprove_instruments_v1 table = {sizeof table, sizeof(exprove_instrument_record), page};
    """
  }

  @Test func instrumentsComeInPages() throws {
    let session = try session("pages", "exprove.instruments/1", ExtensionTests.pages(""))
    for size in [1, 2, 100] {
      let states = try #require(try session.instrumentStates(page: size))
      #expect(states.map(\.definition) == session.instruments && states.map(\.status) == [3, 3])
      #expect(states.map(\.book) == [.whole, .whole])
    }
  }

  @Test(arguments: [
    ("order", "r.instrument = 1 - i;", "instrument 1 stands at the place of 0"), ("text", "r.text = 1;", "text 1"),
    ("text_beyond", "r.text = 99;", "text 99"), ("scale", "r.quantity_scale = 7;", "scale 7"),
    ("tick", "r.tick = 5;", "tick 5"), ("lot", "r.round_lot = -1;", "lot -1"),
    ("status", "r.status = 10;", "status 10"),
    ("book", "r.book = 3;", "book 3"), ("reserved", "r.reserved = 1;", "reserved 1"),
    ("total", "*total = 3;", "3 instruments"), ("few", "if (i == 1) continue;", "1 records"),
  ])
  func pagesThatContradictTheStreamAreRefused(name: String, text: String, words: String) throws {
    let session = try session("pages_\(name)", "exprove.instruments/1", ExtensionTests.pages(text))
    expect(.instrumentPages, words) { _ = try session.instrumentStates() }
  }

  // MARK: snapshot/1

  private static func snapshot(_ text: String) -> String {
    """
    static exprove_status request(const exprove_session *s, const exprove_event *event, uint8_t *out, uint32_t capacity,
                                  exprove_snapshot_request *r, exprove_text *error) {
      (void)s, (void)error;
      if (event->kind != EXPROVE_KIND_GAP) return EXPROVE_NOT_FOUND;
      uint32_t room = r->struct_size;
      *r = (exprove_snapshot_request){.struct_size = room, .carrier = 2, .answer = 2, .size = 3,
        .first = event->venue_sequence, .count = event->aux};
      if (capacity < 3) return EXPROVE_TOO_SMALL;
      memcpy(out, "ABC", 3);
      \(text)
      return EXPROVE_OK;
    }
    static const exprove_snapshot_v1 table = {sizeof table, 16, request};
    """
  }

  @Test func aGapIsAskedFor() throws {
    let session = try session("snapshot", "exprove.snapshot/1", ExtensionTests.snapshot(""))
    var gap = Event(kind: .gap)
    gap.venue_sequence = 7
    gap.aux = 2
    let request = try #require(try session.snapshotRequest(for: gap))
    #expect(request.carrier == .datagram && request.answer == .messages && request.bytes == Array("ABC".utf8))
    #expect(request.first == 7 && request.count == 2)
    #expect(try session.snapshotRequest(for: Event(kind: .instrument)) == nil)
  }

  @Test(arguments: [
    ("carrier", "r->carrier = 9;", "carrier 9"), ("answer", "r->answer = 0;", "answer 0"),
    ("size", "r->size = 17;", "17 of 16"), ("empty", "r->size = 0;", "0 of 16"),
    ("state", "r->answer = 1;", "answer 1"), ("short", "r->struct_size = 4;", ""),
  ])
  func aRequestThatBreaksItsRuleIsRefused(name: String, text: String, words: String) throws {
    let session = try session("snapshot_\(name)", "exprove.snapshot/1", ExtensionTests.snapshot(text))
    var gap = Event(kind: .gap)
    gap.venue_sequence = 7
    expect(.snapshotRequest, words) { _ = try session.snapshotRequest(for: gap) }
  }

  // MARK: config/1

  private static func config(_ answer: String) -> String {
    """
    static exprove_status check(const exprove_config *config, exprove_text *error) {
      base_say(error, "depth: not with this framing");
      (void)config;
      return \(answer);
    }
    static const exprove_config_v1 table = {sizeof table, 0, check};
    """
  }

  @Test(arguments: [
    ("EXPROVE_INVALID_ARGUMENT", AdapterError.Code.badSetting), ("EXPROVE_NOT_IMPLEMENTED", .notOffered),
  ])
  func theAdapterChecksItsConfiguration(answer: String, code: AdapterError.Code) {
    do {
      _ = try session("config_\(answer)", "exprove.config/1", ExtensionTests.config(answer))
      Issue.record("it opens")
    } catch let error as AdapterError {
      #expect(error.code == code && error.message.contains("depth: not with this framing"), "\(error)")
    } catch {
      Issue.record("\(error)")
    }
    #expect(throws: Never.self) {
      _ = try session("config_ok", "exprove.config/1", ExtensionTests.config("EXPROVE_OK"))
    }
    expect(.configCheck, "EXPROVE_INTERNAL") {
      _ = try session("config_internal", "exprove.config/1", ExtensionTests.config("EXPROVE_INTERNAL"))
    }
  }

  // MARK: order_entry/1

  private static func orders(_ text: String) -> String {
    """
    static exprove_status capabilities(const exprove_session *s, exprove_order_capabilities *out) {
      (void)s;
      uint32_t room = out->struct_size;
      *out = (exprove_order_capabilities){.struct_size = room, .actions = 14, .order_types = 3, .times_in_force = 7,
        .replace = 1, .features = 3, .highest_id = 1000};
      \(text)
      return EXPROVE_OK;
    }
    static exprove_status encode(const exprove_session *s, const exprove_order_request *r, uint8_t *out,
                                 uint32_t capacity, uint32_t *size, exprove_text *error) {
      (void)s, (void)error, (void)capacity;
      out[0] = r->order_type;
      out[1] = r->time_in_force;
      out[2] = (uint8_t)r->struct_size;
      *size = 3;
      return EXPROVE_OK;
    }
    static const exprove_order_entry_v1 table = {sizeof table, 8, encode, capabilities};
    """
  }

  @Test func onlyWhatIsDeclaredIsAskedFor() throws {
    let session = try session("orders", "exprove.order_entry/1", ExtensionTests.orders(""), channel: .orderEntry)
    let allowed = try #require(try session.orderCapabilities())
    #expect(allowed.actions == [.new, .cancel, .replace] && allowed.orderTypes == [.limit, .market])
    #expect(allowed.timesInForce == [.day, .immediateOrCancel, .fillOrKill] && allowed.replace == .atomic)
    #expect(allowed.features == [.postOnly, .reduce] && allowed.highestID == 1000)
    var order = OrderRequest()
    order.orderID = 1
    order.orderType = .market
    #expect(try session.encode(order) == [1, 0, 128])
    order.price = 5
    #expect(throws: AdapterError.self) { try session.encode(order) }
    order.orderType = .limit
    order.timeInForce = .fillOrKill
    #expect(try session.encode(order) == [0, 2, 128])
    for change in [
      { $0.timeInForce = .goodTillCancelled }, { $0.displayQuantity = 1 }, { $0.expireTime = 9 },
    ] as [(inout OrderRequest) -> Void] {
      var other = order
      change(&other)
      #expect(throws: AdapterError.self) { try session.encode(other) }
    }
  }

  @Test func anAdapterThatDeclaresNothingIsAskedForWhat1_0Had() throws {
    let session = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: try Workshop.adapter("correct"))),
      .init(framing: .message, channel: .orderEntry))
    #expect(try session.orderCapabilities() == .undeclared)
    var order = OrderRequest()
    order.orderID = 1
    order.orderType = .market
    do {
      _ = try session.encode(order)
      Issue.record("it is sent as a limit order")
    } catch {
      #expect(error.code == .notOffered && error.message.contains("market"), "\(error)")
    }
  }

  @Test(arguments: [
    ("actions", "out->actions |= 1;", "actions 0xf"), ("types", "out->order_types = 4;", "order types 0x4"),
    ("tif", "out->times_in_force |= 32;", "times in force"), ("features", "out->features = 64;", "features 0x40"),
    ("replace", "out->replace = 3;", "replace 3"), ("no_replace", "out->replace = 0;", "replace 0"),
    ("nothing", "out->order_types = 0;", "no order type"), ("ids", "out->highest_id = 0;", "no id"),
    ("size", "out->struct_size = 12;", "12 of 32"),
  ])
  func capabilitiesThatBreakTheirRuleAreRefused(name: String, text: String, words: String) throws {
    let session = try session(
      "orders_\(name)", "exprove.order_entry/1", ExtensionTests.orders(text), channel: .orderEntry)
    expect(.orderCapabilities, words) { _ = try session.orderCapabilities() }
  }

  // MARK: Tables

  @Test(arguments: [
    ("short", "{8, 0, report}", "has 8 bytes"), ("zero", "{0, 0, report}", "has 0 bytes"),
    ("huge", "{0x7FFFFFFF, 0, report}", "2147483647"), ("empty", "{sizeof table, 0, NULL}", "“report”"),
  ])
  func aTableThatIsNoneIsRefused(name: String, table: String, words: String) throws {
    let text = ExtensionTests.health("").replacing("{sizeof table, 0, report}", with: table)
    let session = try session("table_\(name)", "exprove.health/1", text)
    do {
      _ = try session.health()
      Issue.record("it is taken")
    } catch {
      #expect(error.code == .badTable && error.message.contains(words), "\(error)")
    }
  }

  @Test func aLongerTableOfALaterAdapterServes() throws {
    let text = ExtensionTests.health("").replacing(
      "static const exprove_health_v1 table = {sizeof table, 0, report};",
      with: "static const struct { exprove_health_v1 known; void *more[4]; } table = {{sizeof table, 0, report}, {0}};")
    #expect(try session("table_longer", "exprove.health/1", text).health()?.gaps == 1)
  }
}
