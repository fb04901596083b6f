// SPDX-License-Identifier: Apache-2.0
//! What is particular to my-venue: its messages, and the events that they become. The format is the one that
//! `sample/make_sample.py` writes; put yours in its place, here and in the manifest of `lib.rs`.
//!
//! Every frame gives an event at least. What cannot be understood is `Malformed`, with a reason and the byte where it is
//! wrong; a type that is not known is UNKNOWN. Nothing is rounded, and nothing is changed before a frame is understood.

use crate::abi::{
    flag, kind, reason, trading, MAX_QUANTITY_SCALE, NO_INSTRUMENT, SIDE_BUY, SIDE_NONE, SIDE_SELL,
};
use crate::output::{code, Output};
use std::collections::BTreeMap;

/// In nanoseconds.
pub const DAY: i64 = 86_400_000_000_000;
pub const MAX_EVENTS: usize = 4;
/// Types and sizes, in the order of the manifest's `message` lines.
pub const MESSAGES: [(u8, usize); 6] =
    [(b'D', 32), (b'A', 36), (b'E', 39), (b'X', 27), (b'T', 36), (b'S', 20)];

/// A frame that cannot be understood: `exprove_malformed`, and the byte where it is wrong.
pub struct Malformed(pub u16, pub usize);

#[derive(Clone, Copy, PartialEq)]
pub struct Instrument {
    pub id: u16,
    pub scale: u8,
    /// At 1e-4.
    pub tick: u32,
    /// Padded with blanks.
    pub symbol: [u8; 8],
}

/// A session: what later frames depend on.
#[derive(Default)]
pub struct Feed {
    /// The venue's midnight.
    pub day_start: i64,
    pub counts: [u64; MESSAGES.len()],
    /// The sequence number that is due, 0 before the first one.
    pub next: u64,
    /// By their numbers in the events, which are their texts' ids too.
    pub instruments: Vec<Instrument>,
    /// By the venue's id.
    numbers: BTreeMap<u16, u32>,
}

fn number(m: &[u8], at: usize, size: usize) -> Result<u64, Malformed> {
    let end = at.checked_add(size).ok_or(Malformed(reason::SHORT, m.len()))?;
    let field = m.get(at..end).ok_or(Malformed(reason::SHORT, m.len()))?;
    Ok(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn signed(m: &[u8], at: usize, size: usize) -> Result<i64, Malformed> {
    i64::try_from(number(m, at, size)?).map_err(|_| Malformed(reason::RANGE, at))
}

/// At 1e-4 in the message, at 1e-9 in events: 32 bits always fit.
fn price(m: &[u8], at: usize) -> Result<i64, Malformed> {
    Ok(signed(m, at, 4)? * 100_000)
}

/// The length of a symbol: printable text without blanks, padded with blanks. 0 for anything else.
pub fn symbol_size(symbol: &[u8; 8]) -> usize {
    let size = symbol.iter().take_while(|c| (0x21..=0x7E).contains(*c)).count();
    if symbol[size..].iter().all(|c| *c == b' ') { size } else { 0 }
}

fn side(m: &[u8], at: usize, may_be_blank: bool) -> Result<u8, Malformed> {
    match number(m, at, 1)? as u8 {
        b'B' => Ok(SIDE_BUY),
        b'S' => Ok(SIDE_SELL),
        b' ' if may_be_blank => Ok(SIDE_NONE),
        _ => Err(Malformed(reason::FIELD, at)),
    }
}

impl Feed {
    pub fn new(day_start: i64) -> Self {
        Feed { day_start, ..Feed::default() }
    }

    /// The venue's time of a frame.
    pub fn time(&self, m: &[u8]) -> Result<i64, Malformed> {
        match signed(m, 9, 8)? {
            time if time < DAY => Ok(self.day_start + time),
            _ => Err(Malformed(reason::RANGE, 9)),
        }
    }

    /// False when the number is taken.
    pub fn enter(&mut self, instrument: Instrument) -> bool {
        let place = self.instruments.len() as u32;
        if self.numbers.insert(instrument.id, place).is_some() {
            return false;
        }
        self.instruments.push(instrument);
        true
    }

    /// The events of one frame; LAST of the last one is the caller's.
    pub fn decode(&mut self, m: &[u8], out: &mut Output) {
        if let Err(Malformed(reason, at)) = self.decode_message(m, out) {
            out.put(kind::MALFORMED, NO_INSTRUMENT, |e| {
                e.level = reason;
                e.aux = at as u64;
            });
        }
    }

    fn decode_message(&mut self, m: &[u8], out: &mut Output) -> Result<(), Malformed> {
        let letter = number(m, 0, 1)? as u8;
        let place = match MESSAGES.iter().position(|(known, _)| *known == letter) {
            Some(place) => place,
            None => {
                out.put(kind::UNKNOWN, NO_INSTRUMENT, |e| e.aux = u64::from(letter));
                return Ok(());
            }
        };
        let size = MESSAGES[place].1;
        if m.len() < size {
            return Err(Malformed(reason::SHORT, m.len()));
        }
        if m.len() > size {
            return Err(Malformed(reason::LONG, size));
        }
        out.time = Some(self.time(m)?);
        let sequence = number(m, 1, 8)?;
        // A step of more than 2^32 is a broken number, no loss.
        let is_far = self.next != 0 && sequence > self.next && sequence - self.next > u64::from(u32::MAX);
        if sequence == 0 || sequence == u64::MAX || is_far {
            return Err(Malformed(reason::RANGE, 1));
        }
        out.sequence = sequence;
        if self.next != 0 && sequence < self.next {
            out.put(kind::NOTICE, NO_INSTRUMENT, |e| e.aux = code(b"REPEAT"));
            return Ok(());
        }
        if self.next != 0 && sequence > self.next {
            out.gap(self.next, sequence - self.next);
        }
        self.next = sequence + 1;
        let id = number(m, 17, 2)? as u16;
        if letter == b'D' {
            self.define(m, id, out)?;
        } else {
            let instrument = *self.numbers.get(&id).ok_or(Malformed(reason::REFERENCE, 17))?;
            decode_body(m, letter, instrument, out)?;
        }
        self.counts[place] += 1;
        Ok(())
    }

    fn define(&mut self, m: &[u8], id: u16, out: &mut Output) -> Result<(), Malformed> {
        let scale = number(m, 19, 1)? as u8;
        if scale > MAX_QUANTITY_SCALE {
            return Err(Malformed(reason::RANGE, 19));
        }
        let mut symbol = [0; 8];
        symbol.copy_from_slice(m.get(24..32).ok_or(Malformed(reason::SHORT, m.len()))?);
        let size = symbol_size(&symbol);
        if size == 0 {
            return Err(Malformed(reason::FIELD, 24));
        }
        let tick = price(m, 20)?;
        let instrument = Instrument { id, scale, tick: number(m, 20, 4)? as u32, symbol };
        if let Some(known) = self.numbers.get(&id) {
            // Told again: the same, or it is another one's number.
            if self.instruments[*known as usize] != instrument {
                return Err(Malformed(reason::FIELD, 17));
            }
            out.put(kind::NOTICE, NO_INSTRUMENT, |e| e.aux = code(b"AGAIN"));
            return Ok(());
        }
        let place = self.instruments.len() as u32;
        self.enter(instrument);
        out.text(place, &symbol[..size]);
        out.put(kind::INSTRUMENT, place, |e| {
            e.aux = u64::from(place);
            e.level = u16::from(scale);
            e.price = tick;
        });
        Ok(())
    }
}

fn decode_body(m: &[u8], letter: u8, instrument: u32, out: &mut Output) -> Result<(), Malformed> {
    match letter {
        b'A' => {
            let (order, side) = (number(m, 19, 8)?, side(m, 27, false)?);
            let (price, quantity) = (price(m, 28)?, signed(m, 32, 4)?);
            out.put(kind::ORDER_ADD, instrument, |e| {
                e.order_id = order;
                e.side = side;
                e.price = price;
                e.quantity = quantity;
            });
        }
        b'E' => {
            let (order, quantity, matched) = (number(m, 19, 8)?, signed(m, 27, 4)?, number(m, 31, 8)?);
            out.put(kind::ORDER_EXECUTE, instrument, |e| {
                e.flags |= flag::RESTING_PRICE | flag::VOLUME;
                e.order_id = order;
                e.quantity = quantity;
                e.aux = matched;
            });
        }
        b'X' => {
            let order = number(m, 19, 8)?;
            out.put(kind::ORDER_DELETE, instrument, |e| e.order_id = order);
        }
        b'T' => {
            let (side, price) = (side(m, 19, true)?, price(m, 20)?);
            let (quantity, matched) = (signed(m, 24, 4)?, number(m, 28, 8)?);
            out.put(kind::TRADE, instrument, |e| {
                e.flags |= flag::VOLUME;
                e.side = side;
                e.price = price;
                e.quantity = quantity;
                e.aux = matched;
            });
        }
        _ => {
            let state = number(m, 19, 1)? as u8;
            let status = match state {
                b'P' => trading::PRE_OPEN,
                b'O' => trading::OPEN,
                b'H' => trading::HALTED,
                b'C' => trading::CLOSED,
                _ => return Err(Malformed(reason::FIELD, 19)),
            };
            out.put(kind::STATUS, instrument, |e| {
                e.level = status;
                e.aux = u64::from(state);
            });
        }
    }
    Ok(())
}
