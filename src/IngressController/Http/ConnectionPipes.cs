using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Http;

/// <summary>Extensions of a connection for its middleware.</summary>
internal static class ConnectionPipes
{
    extension(ConnectionContext connection)
    {
        /// <summary>True if client and proxy have agreed on HTTP/2. Known after TLS.</summary>
        public bool IsHttp2 =>
            connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) == true;

        /// <summary>Reads the connection through another reader.</summary>
        public void ReadThrough(Func<PipeReader, PipeReader> wrap) =>
            connection.Transport = new Duplex(wrap(connection.Transport.Input), connection.Transport.Output);

        /// <summary>Writes to the connection through another writer.</summary>
        public void WriteThrough(Func<PipeWriter, PipeWriter> wrap) =>
            connection.Transport = new Duplex(connection.Transport.Input, wrap(connection.Transport.Output));
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
