//! Requests to valgrind: `valgrind.h` and `memcheck.h` of version 3.19.

const RUNNING: u64 = 0x1001;
const COUNT_ERRORS: u64 = 0x1201;
const MAKE_UNDEFINED: u64 = 0x4d43_0001;
const MAKE_DEFINED: u64 = 0x4d43_0002;

/// What valgrind answers; 0 without valgrind.
#[cfg(target_arch = "x86_64")]
fn request(code: u64, arguments: [u64; 2]) -> u64 {
    let words = [code, arguments[0], arguments[1], 0, 0, 0];
    let mut answer = 0;
    // SAFETY: to a processor this does nothing, since the rotations add up to 128 bits and the
    // exchange is of a register with itself. Valgrind takes it for a request. It reads `words`,
    // writes rdx, and changes no byte of the program's memory.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") words.as_ptr(), inout("rdx") answer, options(nostack)
        );
    }
    answer
}

/// Requests are known for x86-64 alone.
#[cfg(not(target_arch = "x86_64"))]
fn request(_: u64, _: [u64; 2]) -> u64 {
    0
}

fn of_memory<T>(code: u64, memory: &[T]) {
    request(code, [memory.as_ptr() as u64, size_of_val(memory) as u64]);
}

pub(crate) fn is_running() -> bool {
    request(RUNNING, [0; 2]) > 0
}

pub(crate) fn errors() -> u64 {
    request(COUNT_ERRORS, [0; 2])
}

/// From here on `memory` is secret.
pub(crate) fn conceal<T>(memory: &[T]) {
    of_memory(MAKE_UNDEFINED, memory);
}

/// From here on `memory` is public.
pub(crate) fn disclose<T>(memory: &[T]) {
    of_memory(MAKE_DEFINED, memory);
}
