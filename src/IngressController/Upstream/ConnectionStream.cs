using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>A connection to an endpoint as the HTTP client uses it, with a look at the bytes that pass.</summary>
/// <param name="connection">The connection, which is disposed of with it.</param>
internal abstract class ConnectionStream(Stream connection) : TwoWayStream
{
    protected Stream Connection => connection;

    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }
}
