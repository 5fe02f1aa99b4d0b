package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.suite.vectors.VectorAccess;
import java.util.Arrays;

/**
 * The instructions that the guest runs; nothing else runs in it.
 *
 * <p>Each access has a stub of 16 bytes: {@code wrpkru}, which only a run with protection keys goes through; the
 * access, of the register RSI at address RBX; an ending that leaves the guest, {@code hlt} for the supervisor, for the
 * user {@code ud2}, whose exception handler halts.
 */
final class GuestCode {
    static final byte HLT = (byte) 0xf4;
    /** An opcode of one byte that 64-bit mode does not have: #UD. */
    static final byte INVALID = 0x06;
    /** {@code pop rax}: #SS(0) under a stack pointer that is not canonical. */
    static final byte POP = 0x58;
    /** {@code int3}: what lies where no access should lead. */
    static final byte WILD = (byte) 0xcc;

    static final int STUB_BYTES = 16;
    static final int HANDLER_BYTES = 2;

    private static final byte[] WRPKRU = {0x0f, 0x01, (byte) 0xef};
    private static final byte[] UD2 = {0x0f, 0x0b};
    private static final byte[] JMP_RBX = {(byte) 0xff, (byte) 0xe3};
    private static final byte[][] LOADS = {
            {0x40, (byte) 0x8a, 0x33}, {0x66, (byte) 0x8b, 0x33}, {(byte) 0x8b, 0x33}, {0x48, (byte) 0x8b, 0x33}};
    private static final byte[][] STORES = {
            {0x40, (byte) 0x88, 0x33}, {0x66, (byte) 0x89, 0x33}, {(byte) 0x89, 0x33}, {0x48, (byte) 0x89, 0x33}};
    private static final int NR_SIZES = 4;
    private static final int FETCH_STUB = 2 * NR_SIZES;
    private static final int NR_STUBS = FETCH_STUB + 1;

    private GuestCode() {
    }

    /** Offset of the stub's entry within its page. */
    static int entry(VectorAccess access, int sizeBytes, boolean setsKeys) {
        return stub(access, sizeBytes) * STUB_BYTES + (setsKeys ? 0 : WRPKRU.length);
    }

    /** Offset of the instruction that makes the access (for a fetch: the jump). */
    static int accessAt(VectorAccess access, int sizeBytes) {
        return stub(access, sizeBytes) * STUB_BYTES + WRPKRU.length;
    }

    /** Offset of the instruction after. */
    static int endAt(VectorAccess access, int sizeBytes) {
        return accessAt(access, sizeBytes) + body(stub(access, sizeBytes)).length;
    }

    static byte[] supervisorStubs() {
        return stubs(new byte[] {HLT});
    }

    static byte[] userStubs() {
        return stubs(UD2);
    }

    /** Entry v, at 2v, is the handler of vector v. */
    static byte[] handlers() {
        byte[] code = new byte[256 * HANDLER_BYTES];
        Arrays.fill(code, HLT);
        return code;
    }

    private static int stub(VectorAccess access, int sizeBytes) {
        int size = Integer.numberOfTrailingZeros(sizeBytes);
        return switch (access) {
            case R -> size;
            case W -> NR_SIZES + size;
            case X -> FETCH_STUB;
            case KR, KW -> throw new IllegalArgumentException("no stub makes an implicit access");
        };
    }

    private static byte[] body(int stub) {
        return stub < NR_SIZES ? LOADS[stub] : stub < FETCH_STUB ? STORES[stub - NR_SIZES] : JMP_RBX;
    }

    private static byte[] stubs(byte[] ending) {
        byte[] code = new byte[NR_STUBS * STUB_BYTES];
        for (int stub = 0; stub < NR_STUBS; stub++) {
            int at = stub * STUB_BYTES;
            byte[] body = body(stub);
            System.arraycopy(WRPKRU, 0, code, at, WRPKRU.length);
            System.arraycopy(body, 0, code, at + WRPKRU.length, body.length);
            System.arraycopy(ending, 0, code, at + WRPKRU.length + body.length, ending.length);
        }
        return code;
    }
}
