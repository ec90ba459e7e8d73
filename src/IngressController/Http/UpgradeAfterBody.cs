using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace IngressController.Http;

/// <summary>
/// Upgrades a request that has a body (<c>docker exec</c>), which Kestrel does not: it reads such a request as if it had no Upgrade header.
/// The body comes first, in HTTP, and what follows it on the connection belongs to the other protocol. Kestrel reads nothing more until the
/// request ends, and closes the connection then, because the response does not keep it alive.
/// </summary>
internal sealed class UpgradeAfterBody(HttpContext context, ReplayableBody body) : IHttpUpgradeFeature
{
    public bool IsUpgradableRequest => true;

    public async Task<Stream> UpgradeAsync()
    {
        if (!body.HasEnded)
            throw new InvalidOperationException("the endpoint switched protocols before the end of the request body");
        var connection = context.Features.GetRequiredFeature<IConnectionTransportFeature>();
        var response = context.Response;
        response.Headers.Connection = HeaderNames.Upgrade;
        await response.Body.FlushAsync();
        return new Tunnel(connection.Transport.Input, response.Body);
    }

    /// <summary>Reads from the connection. Kestrel writes the body of a 101 as it is, without chunks.</summary>
    private sealed class Tunnel(PipeReader input, Stream output) : OneWayStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var result = await input.ReadAsync(cancellationToken);
            // Kestrel cancels a pending read when it stops, to wake idle connections. This one is not idle.
            while (result is { IsCanceled: true, IsCompleted: false, Buffer.IsEmpty: true })
            {
                input.AdvanceTo(result.Buffer.Start);
                result = await input.ReadAsync(cancellationToken);
            }

            // YARP waits for data with an empty buffer. The end of an empty slice can be in a later segment, so it is not a position to advance to.
            var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
            if (count > 0)
                result.Buffer.Slice(0, count).CopyTo(buffer.Span);
            input.AdvanceTo(result.Buffer.GetPosition(count));
            return count;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);
    }
}
