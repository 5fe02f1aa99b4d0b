package dev.cowtable.suite.arch;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds in a class file what would tie emulated code to the Java thread that runs it.
 *
 * <p>Why: a synchronized block leaves no trace but its MONITORENTER, and a method reference none but its constant.
 */
final class JvmConcurrency {
    private JvmConcurrency() {}

    static List<String> findings(byte[] classFile) {
        ClassModel model = ClassFile.of().parse(classFile);
        String className = model.thisClass().asInternalName().replace('/', '.');
        List<String> found = new ArrayList<>();
        for (MethodModel method : model.methods()) {
            String where = className + "." + method.methodName().stringValue();
            if (method.flags().has(AccessFlag.SYNCHRONIZED)) {
                found.add(where + " is a synchronized method");
            }
            if (method.code().map(JvmConcurrency::entersMonitor).orElse(false)) {
                found.add(where + " has a synchronized block");
            }
        }
        for (PoolEntry entry : model.constantPool()) {
            if (isCurrentThread(entry)) {
                found.add(className + " asks for Thread.currentThread");
            }
        }
        return found;
    }

    private static boolean entersMonitor(CodeModel code) {
        return code.elementStream()
                .anyMatch(e -> e instanceof MonitorInstruction m && m.opcode() == Opcode.MONITORENTER);
    }

    private static boolean isCurrentThread(PoolEntry entry) {
        return entry instanceof MemberRefEntry member
                && member.owner().asInternalName().equals("java/lang/Thread")
                && member.name().equalsString("currentThread");
    }
}
