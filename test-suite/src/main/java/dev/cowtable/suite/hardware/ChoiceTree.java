package dev.cowtable.suite.hardware;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Depth-first search over all choices of a deterministic program that is run again and again.
 *
 * <p>With sleep sets: a choice that was explored at a node sleeps below its later siblings until a step that it does
 * not commute with is taken, as until then it would only lead to an order of the same steps that was seen. Every
 * outcome is still reached.
 */
final class ChoiceTree {
    private final boolean sleepSets;
    private final List<Node> path = new ArrayList<>();
    private int depth;
    private boolean redundant;

    ChoiceTree(boolean sleepSets) {
        this.sleepSets = sleepSets;
    }

    /** One choice of a run. */
    private static final class Node {
        final int[] ids;
        final Effect[] effects;
        /** Choices that need not be made here, or have been. */
        final boolean[] asleep;
        int chosen;

        Node(int[] ids, Effect[] effects) {
            this.ids = ids;
            this.effects = effects;
            this.asleep = new boolean[ids.length];
        }

        int firstAwake() {
            for (int i = 0; i < ids.length; i++) {
                if (!asleep[i]) {
                    return i;
                }
            }
            return -1;
        }

        int indexOf(int id) {
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] == id) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** The index of the choice to make; the same choices must be offered after the same choices before. */
    int choose(int[] ids, Effect[] effects, int count) {
        if (depth == path.size()) {
            path.add(open(Arrays.copyOf(ids, count), Arrays.copyOf(effects, count)));
        }
        Node node = path.get(depth++);
        if (!Arrays.equals(node.ids, 0, node.ids.length, ids, 0, count)) {
            throw new IllegalStateException("the program is not deterministic");
        }
        return node.chosen;
    }

    private Node open(int[] ids, Effect[] effects) {
        Node node = new Node(ids, effects);
        if (sleepSets && !path.isEmpty()) {
            inheritSleep(path.get(path.size() - 1), node);
        }
        node.chosen = node.firstAwake();
        if (redundant || node.chosen < 0) {
            redundant = true;
            node.chosen = 0;
            Arrays.fill(node.asleep, true);
        }
        return node;
    }

    private static void inheritSleep(Node above, Node below) {
        Effect taken = above.effects[above.chosen];
        for (int i = 0; i < above.ids.length; i++) {
            if (i != above.chosen && above.asleep[i] && above.effects[i].commutesWith(taken)) {
                int same = below.indexOf(above.ids[i]);
                if (same < 0) {
                    throw new IllegalStateException("a step that commutes has gone");
                }
                below.asleep[same] = true;
            }
        }
    }

    /** The run at hand is over and was only another order of the steps of an earlier one. */
    boolean isRedundant() {
        return redundant;
    }

    /** Goes to the next run; false if there is none. */
    boolean next() {
        depth = 0;
        redundant = false;
        while (!path.isEmpty()) {
            Node last = path.get(path.size() - 1);
            last.asleep[last.chosen] = true;
            last.chosen = last.firstAwake();
            if (last.chosen >= 0) {
                return true;
            }
            path.remove(path.size() - 1);
        }
        return false;
    }
}
