package dev.cowtable.suite.property;

/** Draws the operations that change what is mapped: mmap, munmap, mprotect, advice, locks, mremap. */
final class MappingDraw {
    private static final String[] PROTS = {"r", "rw", "rw", "none", "rwx"};
    private static final int MAX_MOVED = 520;

    private final ProgramDraft draft;
    private final Profile profile;

    MappingDraw(ProgramDraft draft, Profile profile) {
        this.draft = draft;
        this.profile = profile;
    }

    // ---------------------------------------------------------------- mmap, munmap, mprotect

    void mapping() {
        int dice = draft.below(13);
        if (dice < 6) {
            draft.op("mprotect " + draft.range() + " " + draft.pick(PROTS));
        } else if (dice < 9) {
            draft.op("munmap " + draft.range());
        } else if (dice < 11 && draft.hasUnmappedAreas()) {
            mapNew();
        } else {
            mapAgain(draft.area());
        }
    }

    void mapNew() {
        AreaPlan.Planned area = draft.nextArea();
        draft.op("mmap " + area.name() + " pages=" + area.pages() + area.at() + options());
    }

    /** Maps the first pages of an area once more: over what is there, or anew. */
    private void mapAgain(AreaPlan.Planned area) {
        int pages = area.isBig() && draft.oneIn(2) ? area.pages() : 1 + draft.below(Math.min(area.pages(), 8));
        draft.op("mmap " + area.name() + " pages=" + pages + options());
    }

    private String options() {
        String prot = draft.oneIn(8) ? " prot=" + draft.pick(PROTS) : "";
        String shared = draft.below(100) < profile.sharedPercent() ? " flags=shared" : "";
        String locked = profile.weights().lock() > 0 && draft.oneIn(10) ? " locked" : "";
        return prot + shared + locked + (draft.oneIn(8) ? " populate" : "") + (draft.oneIn(8) ? " noreserve" : "");
    }

    // ---------------------------------------------------------------- advice and locks

    void advice() {
        draft.op("madvise " + draft.range() + " " + draft.pick(profile.advice()));
    }

    void lock() {
        int dice = draft.below(10);
        if (dice < 4) {
            draft.op("mlock " + draft.range() + (draft.oneIn(3) ? " onfault" : ""));
        } else {
            draft.op((dice < 8 ? "munlock " : "mincore ") + draft.range());
        }
    }

    // ---------------------------------------------------------------- mremap

    void move() {
        AreaPlan.Planned area = draft.area();
        int first = draft.page(area);
        int longest = Math.min(area.pages() - first, MAX_MOVED);
        int pages = draft.oneIn(3) ? longest : 1 + draft.below(Math.min(6, longest));
        String range = area.name() + " " + first + " " + (first + pages);
        int dice = draft.below(10);
        if (dice < 3) {
            resizeInPlace(area, range, first, pages);
        } else if (dice < 6) {
            moveToNewArea(range, pages);
        } else {
            moveInto(draft.area(), range, pages);
        }
    }

    /** Only an area by itself becomes longer: others would come to lie across their neighbours. */
    private void resizeInPlace(AreaPlan.Planned area, String range, int first, int pages) {
        int room = area.at().isEmpty() ? pages + 4 : area.pages() - first;
        int newPages = 1 + draft.below(Math.max(room, 1));
        draft.op("mremap " + range + " pages=" + newPages);
        if (first + newPages > area.pages()) {
            draft.lengthen(area, first + newPages);
        }
    }

    private void moveToNewArea(String range, int pages) {
        int newPages = draft.oneIn(4) ? 1 + draft.below(pages + 4) : pages;
        AreaPlan.Planned target = draft.addArea(newPages);
        draft.op("mremap " + range + " -> " + target.name() + target.at() + resized(pages, newPages));
    }

    private void moveInto(AreaPlan.Planned target, String range, int pages) {
        int at = draft.page(target);
        int room = target.pages() - at;
        int newPages = pages <= room && !draft.oneIn(4) ? pages : 1 + draft.below(room);
        draft.op("mremap " + range + " -> " + target.name() + "+" + at + resized(pages, newPages));
    }

    private String resized(int pages, int newPages) {
        return (pages == newPages ? "" : " pages=" + newPages) + (draft.oneIn(5) ? " dontunmap" : "");
    }
}
