namespace IngressController.Upstream.Http1;

/// <summary>Reads one response from a connection: its head, and then the parts of its body.</summary>
internal sealed class ResponseReader(Http1Connection connection)
{
    private const int MaxInterimResponses = 100;

    private ResponseFraming _framing;
    private ChunkDecoder _chunks;
    private long _remaining;

    /// <summary>Gets the trailers; null to ignore them.</summary>
    public List<(string Name, string Value)>? Trailers { get; set; }

    /// <summary>True if the whole body has come.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The number of bytes that remain of a body of known length.</summary>
    public long Remaining => _remaining;

    /// <summary>Receives the head of the final response, which remains in the buffer.</summary>
    /// <param name="continued">Called when the endpoint asks for the body.</param>
    /// <returns>The length of the head.</returns>
    public async ValueTask<int> ReceiveHeadAsync(Action? continued = null)
    {
        var head = connection.Head;
        for (var interim = 0; interim <= MaxInterimResponses; interim++)
        {
            int length;
            while ((length = connection.Buffer.Received.IsEmpty ? 0 : head.Read(connection.Buffer.Received)) == 0)
                await ReceiveMoreAsync();
            if (head.Status >= StatusCodes.Status200OK)
                return length;
            // RFC 9110, 7.8: the request offered no protocol.
            if (head.Status == StatusCodes.Status101SwitchingProtocols)
                throw new InvalidResponseException("the endpoint switched to a protocol that the request did not offer");
            connection.Buffer.Consume(length);
            if (head.Status == StatusCodes.Status100Continue)
                continued?.Invoke();
        }

        throw new InvalidResponseException("the endpoint sent too many interim responses");
    }

    /// <summary>Begins with the body, once the head is consumed.</summary>
    public void BeginBody(ResponseFraming framing) =>
        (_framing, _remaining, IsComplete) = (framing, framing == ResponseFraming.Length ? connection.Head.Length : 0, framing == ResponseFraming.None);

    /// <summary>Decodes a part of what was received.</summary>
    /// <param name="limit">The maximum number of bytes of data.</param>
    /// <param name="data">The data; empty if the part has none. Valid until more is received.</param>
    /// <returns>False if more must be received.</returns>
    public bool TryReadPart(int limit, out ReadOnlySpan<byte> data)
    {
        var received = connection.Buffer.Received;
        data = default;
        if (received.IsEmpty)
            return false;
        int consumed;
        switch (_framing)
        {
            case ResponseFraming.Chunked:
                consumed = _chunks.Decode(received, limit, out var range, Trailers);
                data = received[range];
                IsComplete = _chunks.IsComplete;
                break;
            case ResponseFraming.Length:
                consumed = (int)Math.Min(Math.Min(received.Length, limit), _remaining);
                data = received[..consumed];
                _remaining -= consumed;
                IsComplete = _remaining == 0;
                break;
            default:
                consumed = Math.Min(received.Length, limit);
                data = received[..consumed];
                break;
        }

        connection.Buffer.Consume(consumed);
        return consumed > 0;
    }

    /// <summary>The connection has ended. Throws if the body has not.</summary>
    public void End()
    {
        if (_framing != ResponseFraming.Close)
            throw new InvalidResponseException("the endpoint closed the connection before the end of the response");
        IsComplete = true;
    }

    private async ValueTask ReceiveMoreAsync()
    {
        bool hasMore;
        try
        {
            hasMore = await connection.ReceiveAsync();
        }
        catch (IOException error) when (connection.Buffer.Received.IsEmpty)
        {
            throw new UpstreamConnectionLostException(connection.WasUsed, wasSent: true, error);
        }

        if (hasMore)
            return;
        throw connection.Buffer.Received.IsEmpty
            ? new UpstreamConnectionLostException(connection.WasUsed, wasSent: true, cause: null)
            : new InvalidResponseException("the endpoint closed the connection within the head of the response");
    }
}
