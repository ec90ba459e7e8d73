using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Bodies;

namespace IngressController.Features.Bodies;

/// <summary>
/// limit-rate: limits the rate of each response body. Reads from the backend in small pieces, so that no single write lasts as long as one
/// to a client that has stopped reading.
/// </summary>
internal sealed class ResponsePacing(ResponseRatePolicy policy, TimeProvider time) : ResponseChange
{
    public static ResponsePacing? Create(PlanContext context) =>
        context.Policy<ResponseRatePolicy>() is { } policy ? new ResponsePacing(policy, context.Service<TimeProvider>()) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        // Heads and local replies are small, so they are not paced.
    }

    public override bool ChangesBody => true;

    public override HttpContent ChangeBody(HttpContent body) => new PacedContent(body, policy, time);

    private sealed class PacedContent(HttpContent content, ResponseRatePolicy rate, TimeProvider time) : WrappedContent(content)
    {
        protected override Stream Wrap(Stream body) => new PacedStream(body, rate, time);
    }
}

/// <summary>Reads as many bytes as the rate permits since the first read. As in nginx, idle time can be caught up.</summary>
internal sealed class PacedStream(Stream stream, ResponseRatePolicy rate, TimeProvider time) : ReadOnlyStream
{
    private const int PiecesPerSecond = 10;

    private long _start;
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_read == 0)
            _start = time.GetTimestamp();
        var paced = _read - rate.BytesBefore;
        if (paced < 0)
        {
            buffer = buffer[..(int)Math.Min(buffer.Length, -paced)];
        }
        else
        {
            var wait = TimeSpan.FromSeconds((double)paced / rate.BytesPerSecond) - time.GetElapsedTime(_start);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, cancellationToken);
            buffer = buffer[..(int)Math.Min(buffer.Length, Math.Max(1, rate.BytesPerSecond / PiecesPerSecond))];
        }

        var count = await stream.ReadAsync(buffer, cancellationToken);
        _read += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Dispose();
        base.Dispose(disposing);
    }
}
