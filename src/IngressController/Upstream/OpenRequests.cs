using IngressController.Http2;

namespace IngressController.Upstream;

/// <summary>What has passed on a stream of HTTP/2.</summary>
[Flags]
internal enum Passed
{
    None = 0,

    /// <summary>A part of the body of the response, so its head too.</summary>
    ResponseData = 1,

    ResponseEnd = 2,

    RequestEnd = 4,
}

/// <summary>The streams of a connection of HTTP/2 whose request or response is not complete.</summary>
internal sealed class OpenRequests
{
    private const Passed Both = Passed.ResponseEnd | Passed.RequestEnd;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Passed> _streams = [];
    private int _last;

    /// <summary>The last stream that was opened.</summary>
    public int Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    /// <summary>Records a frame of a request, before it is sent, so that a fast response cannot overtake the record.</summary>
    public void Sending(FrameHead frame)
    {
        lock (_lock)
        {
            if (frame.Type == FrameType.ResetStream)
            {
                _streams.Remove(frame.Stream);
            }
            else if (frame.Stream > _last)
            {
                _last = frame.Stream;
                _streams.Add(frame.Stream, frame.EndsStream ? Passed.RequestEnd : Passed.None);
            }
            else if (frame.EndsStream)
            {
                Add(frame.Stream, Passed.RequestEnd);
            }
        }
    }

    /// <summary>Records a frame of a response: HEADERS or DATA.</summary>
    public void Received(FrameHead frame)
    {
        var passed = (frame.Type == FrameType.Data ? Passed.ResponseData : Passed.None) | (frame.EndsStream ? Passed.ResponseEnd : Passed.None);
        if (passed == Passed.None)
            return;
        lock (_lock)
            Add(frame.Stream, passed);
    }

    /// <summary>Removes a stream that the endpoint resets.</summary>
    public Passed Remove(int stream)
    {
        lock (_lock)
            return _streams.Remove(stream, out var passed) ? passed : Both;
    }

    /// <summary>Removes the streams above one.</summary>
    public (int Stream, Passed Passed)[] RemoveAbove(int stream)
    {
        lock (_lock)
        {
            (int Stream, Passed Passed)[] removed = [.. _streams.Where(open => open.Key > stream).Select(open => (open.Key, open.Value))];
            foreach (var (open, _) in removed)
                _streams.Remove(open);
            return removed;
        }
    }

    private void Add(int stream, Passed more)
    {
        if (!_streams.TryGetValue(stream, out var passed))
            return;
        if (((passed | more) & Both) == Both)
            _streams.Remove(stream);
        else
            _streams[stream] = passed | more;
    }
}
