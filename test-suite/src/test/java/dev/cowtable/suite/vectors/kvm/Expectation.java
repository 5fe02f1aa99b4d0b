package dev.cowtable.suite.vectors.kvm;

import dev.cowtable.mmu.reg.CpuModel;
import dev.cowtable.mmu.reg.Vendor;
import dev.cowtable.suite.vectors.RecordedVector;
import dev.cowtable.suite.vectors.VectorAccess;
import dev.cowtable.suite.vectors.VectorInput;
import dev.cowtable.suite.vectors.VectorResult;

/** The manual's rules once more, as short as they go; nothing of the emulator is used. */
final class Expectation {
    private static final int A = 0x20;
    private static final int D = 0x40;

    private final CpuModel model;
    private final VectorInput vector;
    private final boolean write;
    private final boolean fetch;
    private final boolean user;

    private Expectation(CpuModel model, VectorInput vector) {
        this.model = model;
        this.vector = vector;
        this.write = vector.access() == VectorAccess.W;
        this.fetch = vector.access() == VectorAccess.X;
        this.user = vector.cpl() == 3;
    }

    /** One line for a vector whose outcome is another one; an empty text if it is as expected. */
    static String difference(CpuModel model, RecordedVector recorded) {
        String expected = new Expectation(model, recorded.input()).outcome();
        String got = text(recorded.result());
        return expected.equals(got) ? "" : "expected " + expected + ", got " + got + ": " + recorded.input();
    }

    private String outcome() {
        if (vector.va() << 16 >> 16 != vector.va()) {
            return "GP";
        }
        long rights = 7;
        long noExecute = 0;
        for (int level = 4;; level--) {
            long entry = vector.entry(level);
            if ((entry & 1) == 0) {
                return fault(0, level);
            }
            boolean large = (entry & 0x80) != 0 && (level == 2 || level == 3);
            if ((entry & reserved(level, large)) != 0) {
                return fault(9, level);
            }
            rights &= entry;
            noExecute |= entry;
            if (large || level == 1) {
                return leaf(level, (rights & 2) != 0, (rights & 4) != 0, noExecute < 0);
            }
        }
    }

    private String leaf(int level, boolean writable, boolean userPage, boolean noExecute) {
        int key = (int) (vector.entry(level) >>> 59) & 15;
        int keyRights = vector.pke() && userPage && !fetch ? vector.pkru() >>> 2 * key & 3 : 0;
        boolean checksWrite = write && (user || vector.wp());
        boolean keyDenies = (keyRights & 1) != 0 || (keyRights & 2) != 0 && checksWrite;
        boolean denied = user && !userPage || checksWrite && !writable || fetch && noExecute
                || !user && userPage && (fetch ? vector.smep() : vector.smap() && !vector.ac());
        if (denied || keyDenies) {
            return fault(keyDenies ? 0x21 : 1, level);
        }
        long offsetMask = (1L << 12 + 9 * (level - 1)) - 1;
        long frame = vector.entry(level) & (1L << 52) - 1 & ~offsetMask;
        StringBuilder text = new StringBuilder("OK ").append(Long.toHexString(frame | vector.va() & offsetMask));
        for (int met = 4; met >= level; met--) {
            text.append(' ').append(Long.toHexString(vector.entry(met) | A | (write && met == level ? D : 0)));
        }
        return text.toString();
    }

    private String fault(int code, int level) {
        boolean reportsFetch = fetch && (vector.nxe() || vector.smep());
        int errorCode = code | (write ? 2 : 0) | (user ? 4 : 0) | (reportsFetch ? 16 : 0);
        return "PF " + Integer.toHexString(errorCode) + ' ' + Long.toHexString(vector.va()) + " at level " + level + ' '
                + Long.toHexString(vector.entry(level));
    }

    private long reserved(int level, boolean large) {
        long bits = (1L << 52) - (1L << model.maxPhyAddr()) | (vector.nxe() ? 0 : 1L << 63);
        if (level == 4) {
            return bits | 0x80 | (model.vendor() == Vendor.AMD ? 0x100 : 0);
        }
        if (large && level == 3) {
            return bits | (model.gigabytePages() ? 0x3fff_e000 : 0x80);
        }
        return large ? bits | 0x1f_e000 : bits;
    }

    private static String text(VectorResult result) {
        long[] left = result.entries();
        int lowest = result.lowestLevel();
        if (result.kind() == VectorResult.Kind.GP) {
            return "GP";
        }
        if (result.kind() == VectorResult.Kind.PF) {
            return "PF " + Integer.toHexString(result.errorCode()) + ' ' + Long.toHexString(result.value())
                    + " at level " + lowest + ' ' + Long.toHexString(left[lowest]);
        }
        StringBuilder text = new StringBuilder("OK ").append(Long.toHexString(result.value()));
        for (int met = 4; met >= lowest; met--) {
            text.append(' ').append(Long.toHexString(left[met]));
        }
        return text.toString();
    }
}
