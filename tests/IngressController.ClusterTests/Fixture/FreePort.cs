using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Ports for processes that cannot choose one themselves.</summary>
internal static class FreePort
{
    private static readonly (int First, int Last) Range = Outside(OutgoingRange());

    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(Range.First, Range.Last + 1);
            if (IsFree(port))
                return port;
        }
    }

    /// <summary>Returns true if a server can listen on the port now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>
    /// Returns a range outside of that of outgoing connections, which could use the port while its server restarts. If there is no room
    /// outside, the ranges overlap.
    /// </summary>
    private static (int First, int Last) Outside((int First, int Last) outgoing) =>
        outgoing.First > 12_000 ? (10_000, outgoing.First - 1)
        : outgoing.Last < 63_000 ? (outgoing.Last + 1, 65_000)
        : (20_000, 32_000);

    private static (int First, int Last) OutgoingRange()
    {
        const string File = "/proc/sys/net/ipv4/ip_local_port_range";
        var bounds = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];
        return bounds.Length == 2 ? (int.Parse(bounds[0], CultureInfo.InvariantCulture), int.Parse(bounds[1], CultureInfo.InvariantCulture)) : (32_768, 60_999);
    }
}
