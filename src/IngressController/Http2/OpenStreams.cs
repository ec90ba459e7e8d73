namespace IngressController.Http2;

/// <summary>The streams of a connection whose request has not ended, as far as the client says.</summary>
/// <param name="refuse">
/// Refuses the request of a stream, of which this number have been opened; false if its response has ended already.
/// </param>
/// <param name="reset">Called when the client resets a stream.</param>
internal sealed class OpenStreams(Func<int, int, bool> refuse, Action<int> reset)
{
    /// <summary>Streams that the server has ended stay here. Beyond this number all are forgotten.</summary>
    private const int MaxCount = 256;

    private readonly HashSet<int> _streams = [];
    private int _opened;

    /// <summary>A stream was opened.</summary>
    public void Open(FrameHead head)
    {
        _opened++;
        if (head.EndsStream)
            return;
        if (_streams.Count == MaxCount)
            _streams.Clear();
        _streams.Add(head.Stream);
    }

    /// <summary>A frame passes, which may be the last one of a request.</summary>
    public void Pass(FrameHead head)
    {
        if (head.Type == FrameType.ResetStream)
            reset(head.Stream);
        if (_streams.Count > 0 && ((head.Type is FrameType.Data or FrameType.Headers && head.EndsStream) || head.Type == FrameType.ResetStream))
            _streams.Remove(head.Stream);
    }

    /// <summary>Refuses the request of a stream; false if it or its response has ended.</summary>
    public bool TryRefuse(int stream) => _streams.Contains(stream) && refuse(stream, _opened);
}
