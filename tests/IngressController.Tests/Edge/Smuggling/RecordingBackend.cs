using System.Collections.Concurrent;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>
/// A backend that keeps its connections open, records every byte, and reads requests by the grammar alone. It answers each with its target,
/// so that a client sees whose response it gets.
/// </summary>
internal sealed class RecordingBackend : IAsyncDisposable
{
    private readonly WireBackend _backend;

    public RecordingBackend() => _backend = WireBackend.Start(ServeAsync);

    public int Port => _backend.Port;

    /// <summary>The requests that arrived whole.</summary>
    public ConcurrentQueue<StrictRequest> Requests { get; } = [];

    /// <summary>The heads that arrived, with or without their whole body.</summary>
    public ConcurrentQueue<StrictRequest> Heads { get; } = [];

    /// <summary>What is no request, with the reason.</summary>
    public ConcurrentQueue<string> Violations { get; } = [];

    public ValueTask DisposeAsync() => _backend.DisposeAsync();

    private async Task ServeAsync(WireConnection connection)
    {
        var received = new StringBuilder();
        var buffer = new byte[16 * 1024];
        var hasHead = false;
        while (await connection.Stream.ReadAsync(buffer) is var count and > 0)
        {
            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
            try
            {
                while (received.Length > 0)
                {
                    var bytes = received.ToString();
                    if (!hasHead && StrictRequest.ReadHead(bytes, out _) is { } head)
                    {
                        hasHead = true;
                        Heads.Enqueue(head);
                        if (head.All("Expect").Any())
                            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
                    }

                    if (StrictRequest.Read(bytes, out var length) is not { } request)
                        break;
                    received.Remove(0, length);
                    hasHead = false;
                    Requests.Enqueue(request);
                    await connection.SendAsync(Answer(request));
                }
            }
            catch (InvalidDataException violation)
            {
                Violations.Enqueue($"{violation.Message}\n{received}");
                return;
            }
        }

        // A body that the proxy has cut is none; bytes without a head are.
        if (received.Length > 0 && !hasHead)
            Violations.Enqueue($"closed within a head\n{received}");
    }

    private static string Answer(StrictRequest request) =>
        $"HTTP/1.1 200 OK\r\nContent-Length: {request.Target.Length}\r\n\r\n{(request.Method == "HEAD" ? "" : request.Target)}";
}
