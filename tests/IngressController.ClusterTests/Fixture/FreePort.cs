using System.Net;
using System.Net.Sockets;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Ports for processes that cannot pick one themselves.</summary>
internal static class FreePort
{
    /// <summary>Below the range that outgoing connections take theirs from: one of those may not hold the port while its server restarts.</summary>
    private const int First = 20_000;

    private const int Last = 32_000;

    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken by somebody else.
            }
        }
    }
}
