/*
 * The guest of the QEMU oracle: performs memory accesses that the host asks for, each from an empty TLB, and tells
 * what came of them.
 *
 * The host shares the guest's RAM. It writes page tables and a bank of requests, then raises DOORBELL; the guest
 * performs the bank (DONE & 1), overwrites each request by its result and raises DONE. Every root that the host builds
 * maps
 *   index 0   the first 16 MiB onto themselves, supervisor, under a protection key that the request's PKRS leaves free
 *   index 1   the page `stubs`, user
 * A request is performed by IRETQ into one of the stubs at the wanted privilege level; every way back (the INT behind
 * the access, a trap opcode on the fetched page, a fault) goes through an IDT gate to `finish`. IST 1 gives all of
 * them one known stack. Multiboot's address fields are used, so that the 64-bit ELF file can be loaded as it is.
 */
#define MAILBOX      0x400000
#define READY        (MAILBOX + 0)
#define DOORBELL     (MAILBOX + 8)
#define DONE         (MAILBOX + 16)
#define STUBS        (MAILBOX + 24)
#define CPUID_7_EBX  (MAILBOX + 32)
#define CPUID_7_ECX  (MAILBOX + 36)
#define CPUID_E1_EDX (MAILBOX + 40)
#define CPUID_E8_EAX (MAILBOX + 44)
#define BASE_CR4     (MAILBOX + 48)
#define KEYS         (MAILBOX + 56)   /* 1: PKRU is there, 2: IA32_PKRS is there */
#define COUNTS       (MAILBOX + 64)
#define BANKS        0x500000
#define BANK_SHIFT   16
#define RECORD_BYTES 128
#define READY_MAGIC  0x636f777461626c65

/* A request... */
#define Q_CR3 0
#define Q_VA 8
#define Q_VALUE 16
#define Q_CR4 24
#define Q_CR0 32
#define Q_EFER 40
#define Q_PKRU 48
#define Q_PKRS 52
#define Q_RIP 56
#define Q_CS 64
#define Q_SS 72
#define Q_RFLAGS 80
#define Q_TABLE 88                    /* 1: the LDT lies at va, 2: the stack of IST 2 begins with the 8 bytes at va */
/* ... and its result */
#define R_VECTOR 0
#define R_ERROR 8
#define R_CR2 16
#define R_RAX 24
#define R_RIP 32

#define MSR_EFER 0xc0000080
#define MSR_PKRS 0x6e1
#define CS0 0x08
#define SS0 0x10
#define TSS 0x28
#define LDT 0x38
#define LDT_SELECTOR 7                /* index 0 of the LDT, RPL 3 */
#define DONE_VECTOR 0x21
#define STACK_VECTOR 0x22
#define GATES 0x23
#define IST1_OFFSET 0x24
#define IST2_OFFSET 0x2c

        .text
        .code32
        .balign 16
image:
        .long 0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
        .long image, image, image_end, 0, start32

        .globl  start32
start32:
        mov     $main_stack, %esp
        mov     $7, %eax
        xor     %ecx, %ecx
        cpuid
        mov     $boot_pml4, %edi
        mov     $0xa0, %eax                     /* PAE, PGE */
        test    $0x10000, %ecx                  /* LA57: the host has switched it on only where it wants five levels */
        jz      1f
        mov     $boot_pml5, %edi
        or      $0x1000, %eax
1:      mov     %eax, %cr4
        mov     %edi, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $0x100, %eax                    /* LME */
        wrmsr
        mov     %cr0, %eax
        and     $0x9ffbfff3, %eax               /* no CD, NW, AM, TS, EM */
        or      $0x80010021, %eax               /* PG, WP, NE, PE */
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $CS0, $start64

        .code64
start64:
        mov     $SS0, %eax
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     $main_stack, %esp
        mov     %cr3, %rax
        mov     %rax, boot_root

        mov     $tss, %eax
        mov     $gdt + TSS, %edi
        call    descriptor_base
        movq    $ist1_stack, tss + IST1_OFFSET
        mov     $TSS, %eax
        ltr     %ax

        mov     $vectors, %esi
        mov     $idt, %edi
        mov     $GATES, %ecx
1:      mov     %esi, %eax
        mov     %ax, (%rdi)
        movl    $CS0, 2(%rdi)
        movw    $0xee01, 4(%rdi)                /* present, DPL 3, interrupt gate, IST 1 */
        shr     $16, %eax
        mov     %eax, 6(%rdi)
        add     $16, %esi
        add     $16, %edi
        dec     %ecx
        jnz     1b
        movb    $2, idt + STACK_VECTOR * 16 + 4
        lidt    idt_pointer

        mov     $7, %eax
        xor     %ecx, %ecx
        cpuid
        mov     %ebx, CPUID_7_EBX
        mov     %ecx, CPUID_7_ECX
        mov     $0x80000001, %eax
        cpuid
        mov     %edx, CPUID_E1_EDX
        mov     $0x80000008, %eax
        cpuid
        mov     %eax, CPUID_E8_EAX
        movq    $stubs, STUBS
        movq    $0, DOORBELL
        movq    $0, DONE
        mov     $READY_MAGIC, %rax
        mov     %rax, READY

serve:
        call    time
        mov     %rax, %r9
        mov     DONE, %r8
poll:   cmp     %r8, DOORBELL
        jne     bank
        pause
        call    time
        sub     %r9, %rax
        cmp     idle_limit, %rax
        jb      poll
        lidt    no_idt                          /* forgotten by the host: a triple fault ends QEMU */
        ud2

bank:
        mov     %r8d, %eax
        and     $1, %eax
        mov     COUNTS(, %rax, 8), %r14
        shl     $BANK_SHIFT, %eax
        lea     BANKS(%rax), %r15
        mov     BASE_CR4, %r13
        mov     %r13, %cr4
        mov     KEYS, %r12

/* Why: each MOV to a control register or MSR may empty QEMU's TLB, so all of the request is read before the first. */
request:
        mov     Q_VA(%r15), %rbx
        mov     Q_TABLE(%r15), %eax
        cmp     $1, %eax
        jb      3f
        ja      2f
        mov     %rbx, %rax
        mov     $gdt + LDT, %edi
        call    descriptor_base
        mov     $LDT, %eax
        lldt    %ax
        jmp     3f
2:      lea     8(%rbx), %rax
        mov     %rax, tss + IST2_OFFSET
3:      pushq   Q_SS(%r15)
        pushq   Q_VALUE(%r15)
        pushq   Q_RFLAGS(%r15)
        pushq   Q_CS(%r15)
        pushq   Q_RIP(%r15)
        mov     Q_VALUE(%r15), %rsi
        mov     Q_EFER(%r15), %ebp
        mov     Q_CR0(%r15), %r9
        mov     Q_CR3(%r15), %r11
        mov     Q_CR4(%r15), %r10
        mov     Q_PKRS(%r15), %edi
        mov     Q_PKRU(%r15), %r8d
        mov     %r11, %cr3
        test    $1, %r12d
        jz      1f
        xor     %ecx, %ecx
        rdpkru
        cmp     %r8d, %eax
        je      1f
        mov     %r8d, %eax
        wrpkru
1:      test    $2, %r12d
        jz      1f
        mov     $MSR_PKRS, %ecx
        rdmsr
        cmp     %edi, %eax
        je      1f
        mov     %edi, %eax
        wrmsr
1:      mov     %ebp, %eax
        mov     $MSR_EFER, %ecx
        xor     %edx, %edx
        wrmsr
        mov     %rdx, %cr2
        mov     %r9, %cr0
        mov     $LDT_SELECTOR, %ecx
        mov     %rsi, %rax
        mov     %r10, %cr4
        iretq

/* EDI: the vector; the stack is IST 1's or, for STACK_VECTOR, the page under test */
finish:
        mov     %r13, %cr4
        mov     $main_stack, %esp
        pushq   $2
        popfq
        mov     %rdi, R_VECTOR(%r15)
        mov     ist1_stack - 48, %rdx           /* means something only to vectors that have an error code */
        mov     %rdx, R_ERROR(%r15)
        mov     %cr2, %rdx
        mov     %rdx, R_CR2(%r15)
        mov     %rax, R_RAX(%r15)
        mov     ist1_stack - 40, %rdx
        mov     %rdx, R_RIP(%r15)
        add     $RECORD_BYTES, %r15
        dec     %r14
        jnz     request
        mov     boot_root, %rax
        mov     %rax, %cr3
        incq    DONE
        jmp     serve

/* RAX := time-stamp counter */
time:
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        ret

/* the 16-byte system descriptor at RDI gets the base RAX */
descriptor_base:
        mov     %ax, 2(%rdi)
        shr     $16, %rax
        mov     %al, 4(%rdi)
        mov     %ah, 7(%rdi)
        shr     $16, %rax
        mov     %eax, 8(%rdi)
        ret

        .balign 16
vectors:
        .set    vector, 0
        .rept   GATES
        .balign 16
        mov     $vector, %edi
        jmp     finish
        .set    vector, vector + 1
        .endr

        .balign 16
gdt:
        .quad   0
        .quad   0x00af9b000000ffff              /* code 0 */
        .quad   0x00cf93000000ffff              /* data 0 */
        .quad   0x00affb000000ffff              /* code 3 */
        .quad   0x00cff3000000ffff              /* data 3 */
        .quad   0x0000890000000067, 0           /* TSS */
        .quad   0x000082000000ffff, 0           /* LDT */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   gdt
idt_pointer:
        .word   GATES * 16 - 1
        .quad   idt
no_idt:
        .word   0
        .quad   0
        .balign 8
boot_root:
        .quad   0
idle_limit:
        .quad   300000000000                    /* two minutes or so */
        .balign 16
idt:    .space  GATES * 16
        .balign 16
tss:    .space  104

/* what runs the access, 16 bytes each: RBX = address, RAX = value, ECX = selector */
        .balign 4096
stubs:
        movzbl  (%rbx), %eax
        int     $DONE_VECTOR
        .balign 16
        movzwl  (%rbx), %eax
        int     $DONE_VECTOR
        .balign 16
        mov     (%rbx), %eax
        int     $DONE_VECTOR
        .balign 16
        mov     (%rbx), %rax
        int     $DONE_VECTOR
        .balign 16
        mov     %al, (%rbx)
        int     $DONE_VECTOR
        .balign 16
        mov     %ax, (%rbx)
        int     $DONE_VECTOR
        .balign 16
        mov     %eax, (%rbx)
        int     $DONE_VECTOR
        .balign 16
        mov     %rax, (%rbx)
        int     $DONE_VECTOR
        .balign 16
        jmp     *%rbx
        .balign 16
        lsl     %ecx, %eax
        int     $DONE_VECTOR
        .balign 16
        int     $STACK_VECTOR

        .balign 4096
boot_pml5:
        .quad   boot_pml4 + 0x63
        .balign 4096
boot_pml4:
        .quad   boot_pdpt + 0x63
        .balign 4096
boot_pdpt:
        .quad   boot_pd + 0x63
        .balign 4096
boot_pd:
        .set    frame, 0
        .rept   8
        .quad   frame + 0xe3
        .set    frame, frame + 0x200000
        .endr
        .balign 4096
        .space  4096
main_stack:
        .space  4096
ist1_stack:
image_end:
