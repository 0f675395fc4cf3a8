//! The functions of the host for policies in Rust. Copy it beside your own policy.
#![allow(dead_code)]

#[link(wasm_import_module = "arqon_host_v1")]
extern "C" {
    pub fn host_get_header(name: *const u8, name_length: i32, to: *mut u8, room: i32) -> i32;
    pub fn host_get_claim(name: *const u8, name_length: i32, to: *mut u8, room: i32) -> i32;
    pub fn host_get_context(field: *const u8, field_length: i32, to: *mut u8, room: i32) -> i32;
    pub fn host_set_payload(from: *const u8, length: i32) -> i32;
    pub fn host_add_header(name: *const u8, name_length: i32, value: *const u8, value_length: i32) -> i32;
    pub fn host_log(level: i32, from: *const u8, length: i32);
    pub fn host_reject(code: *const u8, code_length: i32, reason: *const u8, reason_length: i32);
}

/// What `policy_check` returns to let a message go on.
pub const ALLOW: i32 = 0;

/// Refuses the message: the sender is told both. Write `return reject(…)`.
pub fn reject(code: &str, reason: &[u8]) -> i32 {
    unsafe { host_reject(code.as_ptr(), code.len() as i32, reason.as_ptr(), reason.len() as i32) };
    1
}

/// The largest payload that this policy takes.
const ROOM: usize = 65_536;
static mut PAYLOAD: [u8; ROOM] = [0; ROOM];

/// Where the host puts a payload; one that is larger traps, which is a block.
#[no_mangle]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    if length > ROOM {
        core::arch::wasm32::unreachable();
    }
    &raw mut PAYLOAD as *mut u8
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
