package dev.cowtable.suite.property;

import java.util.ArrayList;
import java.util.List;

/** Draws what gets at pages past the page tables of those who map them: pins, pipes, O_DIRECT, other processes. */
final class HoldDraw {
    private static final String[] OTHERS_ADVICE = {"cold", "pageout", "pageout", "willneed", "dontneed"};
    private static final int PIPES = 2;
    private static final int FILE_PAGES = 8;

    private record Pinned(int process, String range) {}

    private final ProgramDraft draft;
    private final Profile profile;
    private final List<Pinned> pins = new ArrayList<>();

    HoldDraw(ProgramDraft draft, Profile profile) {
        this.draft = draft;
        this.profile = profile;
    }

    void hold() {
        int dice = draft.below(15);
        if (dice < 6) {
            pin();
        } else if (dice < 9) {
            unpin();
        } else if (dice < 12) {
            AreaPlan.Planned area = draft.area();
            draft.op("vmsplice " + area.name() + " " + draft.page(area) + " -> q" + draft.below(PIPES));
        } else {
            draft.op("readpipe q" + draft.below(PIPES));
        }
    }

    private void pin() {
        AreaPlan.Planned area = draft.area();
        int first = draft.page(area);
        String range =
                area.name() + " " + first + " " + (first + 1 + draft.below(Math.min(3, area.pages() - first)));
        int process = draft.process();
        pins.add(new Pinned(process, range));
        draft.line("P" + process + " pin " + range);
    }

    private void unpin() {
        if (pins.isEmpty()) {
            pin();
            return;
        }
        Pinned pinned = pins.remove(draft.below(pins.size()));
        draft.line("P" + pinned.process + " unpin " + pinned.range);
    }

    /** O_DIRECT, or another process's memory, or one's own through the same door. */
    void outside() {
        String target = " P" + draft.living() + " ";
        switch (draft.below(14)) {
            case 0, 1 -> draft.op("odread " + draft.page() + filePage());
            case 2, 3 -> draft.op("odwrite " + draft.page() + filePage());
            case 4, 5 -> draft.op("memwrite" + target + draft.page() + " " + draft.below(256));
            case 6, 7 -> draft.op("memread" + target + draft.page());
            case 8, 9 -> draft.op("pvmwrite" + target + draft.page() + " " + draft.below(256));
            case 10, 11 -> draft.op("pvmread" + target + draft.page());
            default -> {
                String advice = draft.oneIn(3) ? draft.pick(profile.advice()) : draft.pick(OTHERS_ADVICE);
                draft.op("pmadvise" + target + draft.range() + " " + advice);
            }
        }
    }

    private String filePage() {
        return draft.oneIn(2) ? "" : " " + draft.below(FILE_PAGES);
    }
}
