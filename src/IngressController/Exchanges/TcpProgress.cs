using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IngressController.Exchanges;

/// <summary>What the kernel knows about the bytes sent to a client.</summary>
/// <param name="Acknowledged">The bytes that the client has acknowledged.</param>
/// <param name="IsUnacknowledged">True if bytes were given to the kernel that the client has not acknowledged.</param>
internal readonly record struct TcpProgress(long Acknowledged, bool IsUnacknowledged)
{
    // Of linux/tcp.h: IPPROTO_TCP, TCP_INFO, and fields of struct tcp_info, whose beginning never changes.
    private const int Tcp = 6;
    private const int TcpInfo = 11;
    private const int UnacknowledgedSegments = 24;
    private const int AcknowledgedBytes = 120;
    private const int UnsentBytes = 144;
    private const int Size = UnsentBytes + sizeof(uint);

    /// <summary>Reads it from the socket of a connection; null if it has none, is closed, or the kernel does not tell.</summary>
    public static TcpProgress? Of(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            return null;
        Span<byte> info = stackalloc byte[Size];
        try
        {
            if (socket.GetRawSocketOption(Tcp, TcpInfo, info) < Size)
                return null;
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            return null;
        }

        var isUnacknowledged = BitConverter.ToUInt32(info[UnacknowledgedSegments..]) != 0 || BitConverter.ToUInt32(info[UnsentBytes..]) != 0;
        return new(BitConverter.ToInt64(info[AcknowledgedBytes..]), isUnacknowledged);
    }
}
