using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IngressController.EventLoops;

/// <summary>The system calls that .NET has no API for: epoll(7), eventfd(2), and connect(2) that does not wait.</summary>
internal static partial class Epoll
{
    // Of sys/epoll.h.
    public const uint Readable = 0x1;
    public const uint Writable = 0x4;
    public const uint Failed = 0x8;
    public const uint HungUp = 0x10;
    public const uint PeerClosed = 0x2000;
    private const uint EdgeTriggered = 1u << 31;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int Add = 1;

    // Of errno.h.
    private const int Interrupted = 4;
    private const int AccessDenied = 13;
    private const int AddressNotAvailable = 99;
    private const int NetworkUnreachable = 101;
    private const int TimedOut = 110;
    private const int ConnectionRefused = 111;
    private const int HostUnreachable = 113;
    private const int InProgress = 115;

    private const string Library = "libc";

    /// <summary>The size of struct epoll_event, which is packed on x86-64 only.</summary>
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static readonly int DataOffset = EventSize - sizeof(ulong);

    /// <summary>True where it works.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public static SafeFileHandle Create() => Open(CreateEpoll(CloseOnExec), "epoll_create1");

    /// <summary>A descriptor that becomes readable by <see cref="Signal"/>.</summary>
    public static SafeFileHandle CreateSignal() => Open(CreateEvent(0, CloseOnExec | NonBlocking), "eventfd");

    public static void Signal(SafeFileHandle signal)
    {
        // It fails only if the counter is at its maximum: then the signal has been given.
        _ = Write(signal, BitConverter.GetBytes(1UL), sizeof(ulong));
    }

    /// <summary>Reports each change of a descriptor from now on, and its state now.</summary>
    /// <param name="epoll">The set that reports it.</param>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="ticket">Tells it from others that had the same number.</param>
    public static void Watch(SafeFileHandle epoll, int descriptor, int ticket)
    {
        Span<byte> request = stackalloc byte[EventSize];
        request.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(request, Readable | Writable | PeerClosed | EdgeTriggered);
        BinaryPrimitives.WriteInt32LittleEndian(request[DataOffset..], descriptor);
        BinaryPrimitives.WriteInt32LittleEndian(request[(DataOffset + sizeof(int))..], ticket);
        if (Control(epoll, Add, descriptor, request) != 0)
            throw Error("epoll_ctl");
    }

    /// <summary>Returns the number of changes.</summary>
    /// <param name="epoll">The set that reports them.</param>
    /// <param name="events">Gets them.</param>
    /// <param name="waits">False to return 0 if there are none.</param>
    public static int Wait(SafeFileHandle epoll, byte[] events, bool waits)
    {
        while (true)
        {
            var count = WaitForEvents(epoll, events, events.Length / EventSize, waits ? -1 : 0);
            if (count >= 0)
                return count;
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw Error("epoll_wait");
        }
    }

    /// <summary>Reads one of the changes.</summary>
    public static (uint Changes, int Descriptor, int Ticket) Read(byte[] events, int index)
    {
        var entry = events.AsSpan(index * EventSize, EventSize);
        var data = entry[DataOffset..];
        return (BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadInt32LittleEndian(data), BinaryPrimitives.ReadInt32LittleEndian(data[sizeof(int)..]));
    }

    /// <summary>Begins to connect a socket that does not block.</summary>
    public static SocketError BeginConnect(SafeHandle socket, ReadOnlySpan<byte> address)
    {
        if (Connect(socket, address, address.Length) == 0)
            return SocketError.Success;
        return Marshal.GetLastPInvokeError() switch
        {
            InProgress => SocketError.Success,
            ConnectionRefused => SocketError.ConnectionRefused,
            NetworkUnreachable => SocketError.NetworkUnreachable,
            HostUnreachable => SocketError.HostUnreachable,
            AddressNotAvailable => SocketError.AddressNotAvailable,
            AccessDenied => SocketError.AccessDenied,
            TimedOut => SocketError.TimedOut,
            _ => throw Error("connect"),
        };
    }

    private static SafeFileHandle Open(int descriptor, string call) => descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw Error(call);

    private static IOException Error(string call) => new($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateEpoll(int flags);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint value, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle epoll, int operation, int descriptor, Span<byte> request);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int WaitForEvents(SafeFileHandle epoll, byte[] events, int maximum, int timeout);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle descriptor, byte[] bytes, nint count);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeHandle socket, ReadOnlySpan<byte> address, int length);
}
