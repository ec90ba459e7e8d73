using System.Net;
using System.Net.Security;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>What an attacker does with each of its connections.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Connections">The number of connections at the same time.</param>
internal abstract record Attack(string Name, int Connections)
{
    /// <summary>All attacks.</summary>
    public static IReadOnlyList<Attack> All { get; } = [.. Http2Floods.All, .. SlowAttacks.All];

    /// <summary>True if a connection that the server has ended is opened again at once.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>The TLS of a connection; null for none.</summary>
    public virtual SslClientAuthenticationOptions? Tls => null;

    /// <summary>The port that it is directed at.</summary>
    public virtual int PortOf(AttackedServer server) => Tls is null ? server.HttpPort : server.HttpsPort;

    /// <summary>Attacks over one connection; returns, or throws an <see cref="IOException"/>, when the server has ended it.</summary>
    public abstract Task RunAsync(WireConnection connection, CancellationToken cancellation);

    /// <summary>The address of an attacker: a few hundred in one network.</summary>
    public static IPAddress AddressOf(int connection) => new([127, 66, 0, (byte)(1 + (connection % 250))]);

    /// <summary>Reads and forgets what the server sends, until it ends the connection.</summary>
    protected static async Task ReadToEndAsync(WireConnection connection, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        while (await connection.Stream.ReadAsync(buffer, cancellation) > 0)
        {
        }
    }
}
