package dev.cowtable.mmu;

import dev.cowtable.mmu.mem.PhysicalMemory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A translator written from the tables of the manual, level by level, without a thought of speed; shares no code with
 * the walker. It reads memory and changes nothing: it says what a walk without any caches should do.
 */
public record SlowTranslator(boolean writeProtect, boolean executeDisable, boolean gigabytePages) {
    /** {@code vector} 0: the access succeeds. {@code updates}: new values of entries by physical address. */
    public record Outcome(int vector, int errorCode, long paddr, Map<Long, Long> updates) {
        static Outcome fault(int vector, int errorCode) {
            return new Outcome(vector, errorCode, -1, Map.of());
        }
    }

    public Outcome translate(PhysicalMemory memory, long cr3, long vaddr, boolean write, boolean user, boolean fetch) {
        String binary = "0".repeat(Long.numberOfLeadingZeros(vaddr)) + (vaddr == 0 ? "" : Long.toBinaryString(vaddr));
        if (binary.substring(0, 17).contains("0") && binary.substring(0, 17).contains("1")) {
            return Outcome.fault(13, 0);
        }
        int code = (write ? 2 : 0) + (user ? 4 : 0) + (fetch && executeDisable ? 16 : 0);
        List<Long> where = new ArrayList<>();
        List<Long> path = new ArrayList<>();
        long table = cr3 / 4096 * 4096;
        for (int i = 0; i < 4; i++) {
            int index = Integer.parseInt(binary.substring(16 + 9 * i, 25 + 9 * i), 2);
            long entry = memory.read(table + 8L * index);
            if (!bit(entry, 0)) {
                return Outcome.fault(14, code);
            }
            if (reserved(entry, i)) {
                return Outcome.fault(14, code + 8 + 1);
            }
            where.add(table + 8L * index);
            path.add(entry);
            if (i == 3 || bit(entry, 7)) {
                return leaf(vaddr, where, path, code, write, user, fetch);
            }
            table = entry & 0xf_ffff_ffff_f000L;
        }
        throw new AssertionError();
    }

    private boolean reserved(long entry, int stepFromRoot) {
        if (bit(entry, 63) && !executeDisable) {
            return true;
        }
        return switch (stepFromRoot) {
            case 0 -> bit(entry, 7);
            case 1 -> bit(entry, 7) && (!gigabytePages || anyBit(entry, 13, 29));
            case 2 -> bit(entry, 7) && anyBit(entry, 13, 20);
            default -> false;
        };
    }

    private Outcome leaf(long vaddr, List<Long> where, List<Long> path, int code, boolean write, boolean user,
            boolean fetch) {
        boolean allUser = path.stream().allMatch(e -> bit(e, 2));
        boolean allWritable = path.stream().allMatch(e -> bit(e, 1));
        boolean anyDisabled = path.stream().anyMatch(e -> bit(e, 63));
        boolean denied = (user && !allUser)
                || (write && !allWritable && (user || writeProtect))
                || (fetch && anyDisabled);
        if (denied) {
            return Outcome.fault(14, code + 1);
        }
        long pageBytes = path.size() == 4 ? 4096L : path.size() == 3 ? 2L << 20 : 1L << 30;
        long frame = (path.getLast() & 0xf_ffff_ffff_ffffL) / pageBytes * pageBytes;
        return new Outcome(0, 0, frame + Long.remainderUnsigned(vaddr, pageBytes), updates(where, path, write));
    }

    private static Map<Long, Long> updates(List<Long> where, List<Long> path, boolean write) {
        Map<Long, Long> updates = new LinkedHashMap<>();
        for (int i = 0; i < path.size(); i++) {
            boolean last = i == path.size() - 1;
            updates.put(where.get(i), path.get(i) | 0x20 | (last && write ? 0x40 : 0));
        }
        return updates;
    }

    private static boolean bit(long entry, int number) {
        return (entry >> number & 1) == 1;
    }

    private static boolean anyBit(long entry, int first, int last) {
        for (int number = first; number <= last; number++) {
            if (bit(entry, number)) {
                return true;
            }
        }
        return false;
    }
}
