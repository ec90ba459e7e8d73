using System.Net;
using System.Net.Sockets;

namespace IngressController.Tests.Fakes;

/// <summary>For what has to be told its port: one that is free at this moment.</summary>
internal static class FreePort
{
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
