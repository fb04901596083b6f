// SPDX-License-Identifier: Apache-2.0
//! The records of `exprove/abi.h`, `event.h` and `adapter.h`, as far as this adapter needs them. Their sizes are asserted
//! below; the headers in `include/` say what the fields mean.

#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub type Status = i32;
pub const OK: Status = 0;
pub const NOT_IMPLEMENTED: Status = 1;
pub const INVALID_ARGUMENT: Status = 2;
pub const TOO_SMALL: Status = 4;
pub const BAD_DATA: Status = 5;
pub const INTERNAL: Status = 7;

pub const VERSION_1_0: u32 = 1 << 16;
pub const VERSION_1_1: u32 = 1 << 16 | 1;

pub const FRAMING_LENGTH16: u32 = 1;
pub const FRAMING_LINE: u32 = 2;
pub const FRAMING_PACKET: u32 = 3;
pub const FRAMING_MESSAGE: u32 = 4;
pub const CHANNEL_MARKET_DATA: u32 = 1;

pub const NO_INSTRUMENT: u32 = u32::MAX;
pub const MAX_QUANTITY_SCALE: u8 = 18;

/// `exprove_kind`.
pub mod kind {
    pub const ORDER_ADD: u8 = 1;
    pub const ORDER_MODIFY: u8 = 2;
    pub const ORDER_REDUCE: u8 = 3;
    pub const ORDER_EXECUTE: u8 = 4;
    pub const ORDER_DELETE: u8 = 5;
    pub const ORDER_REPLACE: u8 = 6;
    pub const LEVEL: u8 = 7;
    pub const CLEAR: u8 = 8;
    pub const QUOTE: u8 = 9;
    pub const TRADE: u8 = 10;
    pub const TRADE_BREAK: u8 = 11;
    pub const STATUS: u8 = 12;
    pub const AUCTION: u8 = 13;
    pub const IMBALANCE: u8 = 14;
    pub const NOTICE: u8 = 15;
    pub const INSTRUMENT: u8 = 16;
    pub const TEXT: u8 = 17;
    pub const GAP: u8 = 48;
    pub const MALFORMED: u8 = 49;
    pub const UNKNOWN: u8 = 50;
}

/// `EXPROVE_FLAG_…`.
pub mod flag {
    pub const LAST: u16 = 0x1;
    pub const SNAPSHOT: u16 = 0x2;
    pub const VOLUME: u16 = 0x4;
    pub const RESTING_PRICE: u16 = 0x8;
    pub const HIDDEN: u16 = 0x10;
    pub const CROSS: u16 = 0x20;
    pub const NO_EVENT_TIME: u16 = 0x40;
    pub const NO_PRICE: u16 = 0x80;
    pub const CORRECTION: u16 = 0x800;
}

pub const SIDE_NONE: u8 = 0;
pub const SIDE_BUY: u8 = 1;
pub const SIDE_SELL: u8 = 2;

/// `exprove_trading_status`.
pub mod trading {
    pub const CLOSED: u16 = 1;
    pub const PRE_OPEN: u16 = 2;
    pub const OPEN: u16 = 3;
    pub const HALTED: u16 = 4;
}

/// `exprove_malformed`.
pub mod reason {
    pub const SHORT: u16 = 1;
    pub const LONG: u16 = 2;
    pub const FIELD: u16 = 3;
    pub const RANGE: u16 = 4;
    pub const SYNTAX: u16 = 5;
    pub const REFERENCE: u16 = 6;
    pub const TOO_MANY: u16 = 7;
}

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Event {
    pub event_time: i64,
    pub venue_sequence: u64,
    pub order_id: u64,
    pub price: i64,
    pub quantity: i64,
    pub aux: u64,
    pub instrument: u32,
    pub frame: u32,
    pub kind: u8,
    pub side: u8,
    pub flags: u16,
    pub level: u16,
    pub reserved: u16,
}

/// `exprove_event_text`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct TextEvent {
    pub event_time: i64,
    pub bytes: [u8; 40],
    pub text_id: u32,
    pub frame: u32,
    pub kind: u8,
    pub side: u8,
    pub flags: u16,
    pub level: u16,
    pub reserved: u16,
}

#[repr(C)]
pub struct Frame {
    pub receive_time: i64,
    pub offset: u64,
    pub data: u32,
    pub length: u32,
    pub feed: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct Text {
    pub data: *mut c_char,
    pub capacity: u32,
    pub size: u32,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_version: u32,
    pub cookie: *mut c_void,
    pub log: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_char, u32)>,
}

#[repr(C)]
pub struct Setting {
    pub key: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub struct Config {
    pub struct_size: u32,
    pub framing: u32,
    pub channel: u32,
    pub settings_count: u32,
    pub settings: *const Setting,
    pub day_start: i64,
    pub seed: u64,
}

#[repr(C)]
pub struct Batch {
    pub struct_size: u32,
    pub frame_count: u32,
    pub bytes: *const u8,
    pub bytes_size: u64,
    pub frames: *const Frame,
    pub events: *mut Event,
    pub event_capacity: u32,
    pub frames_used: u32,
    pub events_filled: u32,
    pub reserved: u32,
}

/// `exprove_adapter`, for sessions of type `S`.
#[repr(C)]
pub struct Adapter<S> {
    pub struct_size: u32,
    pub abi_version: u32,
    pub manifest: *const u8,
    pub manifest_size: u64,
    pub init: unsafe extern "C" fn(*const Host, *mut Text) -> Status,
    pub deinit: unsafe extern "C" fn(),
    pub create: unsafe extern "C" fn(*const Config, *mut *mut S, *mut Text) -> Status,
    pub destroy: unsafe extern "C" fn(*mut S),
    pub reset: unsafe extern "C" fn(*mut S) -> Status,
    pub decode: unsafe extern "C" fn(*mut S, *mut Batch) -> Status,
    pub counters: unsafe extern "C" fn(*const S, *mut u64, u32) -> Status,
    pub save: unsafe extern "C" fn(*const S, *mut u8, u64, *mut u64) -> Status,
    pub load: unsafe extern "C" fn(*mut S, *const u8, u64) -> Status,
    pub extension: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
    pub frame_time: Option<
        unsafe extern "C" fn(*const S, *const u8, u64, *const Frame, u32, *mut i64) -> Status,
    >,
}

const _: () = assert!(std::mem::size_of::<Event>() == 64);
const _: () = assert!(std::mem::size_of::<TextEvent>() == 64);
const _: () = assert!(std::mem::size_of::<Frame>() == 32);
const _: () = assert!(std::mem::size_of::<Config>() == 40);
const _: () = assert!(std::mem::size_of::<Batch>() == 56);
const _: () = assert!(std::mem::size_of::<Adapter<()>>() == 112);
const _: () = assert!(cfg!(target_endian = "little"), "events are little-endian");
