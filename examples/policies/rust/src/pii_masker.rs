//! Masks what looks like a card number or an e-mail address in the texts of a payload: the message goes on with stars in it.
#![no_std]

mod arqon;

use arqon::{host_set_payload, ALLOW};

const STAR: u8 = b'*';
const CARD_DIGITS: usize = 13;

#[no_mangle]
pub extern "C" fn policy_check(ptr: *mut u8, length: usize) -> i32 {
    let payload = unsafe { core::slice::from_raw_parts_mut(ptr, length) };
    if mask_texts(payload) {
        unsafe { host_set_payload(ptr, length as i32) };
    }
    ALLOW
}

fn mask_texts(payload: &mut [u8]) -> bool {
    let mut is_masked = false;
    let mut at = 0;
    while at < payload.len() {
        if payload[at] == b'"' {
            let start = at + 1;
            at = end_of_text(payload, start);
            if let Some(text) = payload.get_mut(start..at) {
                is_masked |= mask_cards(text);
                is_masked |= mask_addresses(text);
            }
        }
        at += 1;
    }
    is_masked
}

fn end_of_text(payload: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < payload.len() && payload[at] != b'"' {
        at += if payload[at] == b'\\' { 2 } else { 1 };
    }
    at
}

/// Stars in the place of the digits of a run that is as long as a card's number; spaces and dashes in it stay.
fn mask_cards(text: &mut [u8]) -> bool {
    let mut is_masked = false;
    for run in text.split_mut(|byte| !byte.is_ascii_digit() && *byte != b' ' && *byte != b'-') {
        if run.iter().filter(|byte| byte.is_ascii_digit()).count() < CARD_DIGITS {
            continue;
        }
        for byte in run.iter_mut().filter(|byte| byte.is_ascii_digit()) {
            *byte = STAR;
        }
        is_masked = true;
    }
    is_masked
}

/// Stars in the place of what stands before the @ of an address.
fn mask_addresses(text: &mut [u8]) -> bool {
    let mut is_masked = false;
    for at in 1..text.len().saturating_sub(1) {
        if text[at] != b'@' || !is_word(text[at + 1]) {
            continue;
        }
        for byte in text[..at].iter_mut().rev().take_while(|byte| is_word(**byte)) {
            *byte = STAR;
            is_masked = true;
        }
    }
    is_masked
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".+-_".contains(&byte)
}
