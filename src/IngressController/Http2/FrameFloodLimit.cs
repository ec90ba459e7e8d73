namespace IngressController.Http2;

/// <summary>
/// Limits the frames of a client that neither open a request nor carry a byte of one: Kestrel handles any number of them, each at a cost, and
/// answers some. Clients send few; the most frequent ones are updates of windows, one for each DATA frame at worst.
/// </summary>
/// <param name="time">The clock. It is read once for each <see cref="Limit"/>.</param>
/// <param name="reached">Called when the limit is reached.</param>
internal sealed class FrameFloodLimit(TimeProvider time, Action reached)
{
    /// <summary>What may come within a second: 10,000 frames, or 200,000 updates of windows, which are as many as 1.6 GB of DATA frames.</summary>
    private const int Limit = 200_000;

    private const int CostOfWindowUpdate = 1;
    private const int CostOfOthers = 20;

    /// <summary>The longest padding, and the byte with its length.</summary>
    private const int MaxPadding = 256;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private int _cost;
    private long _start = time.GetTimestamp();

    /// <summary>Counts a frame; false if the connection must end.</summary>
    public bool TryTake(FrameHead head)
    {
        _cost += CostOf(head);
        if (_cost < Limit)
            return true;
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(_start, now) < Interval)
        {
            reached();
            return false;
        }

        (_cost, _start) = (0, now);
        return true;
    }

    private static int CostOf(FrameHead head) => head.Type switch
    {
        FrameType.Headers => 0,
        FrameType.Data => MayBeEmpty(head) ? CostOfOthers : 0,
        FrameType.WindowUpdate => CostOfWindowUpdate,
        _ => CostOfOthers,
    };

    /// <summary>True for DATA without a byte that is not the last, also for short ones that can consist of padding alone.</summary>
    private static bool MayBeEmpty(FrameHead head) => !head.EndsStream && (head.IsPadded ? head.Length <= MaxPadding : head.Length == 0);
}
