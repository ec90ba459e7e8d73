using IngressController.Overload;

namespace IngressController.Features.Compression;

/// <summary>
/// The memory of all compressors in use. Clients decide how long a response takes, so beyond it further responses pass uncompressed.
/// </summary>
internal sealed class CompressorBudget(long maxBytes)
{
    private const int PartOfMemory = 16;

    private long _used;

    public long MaxBytes => maxBytes;

    /// <summary>The bytes that are in use.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>A part of the memory of the process that the budgets for clients leave.</summary>
    public static CompressorBudget Of(MachineLimits machine) => new(machine.Memory / PartOfMemory);

    /// <summary>Takes the memory of one compressor; false if none is left.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= maxBytes)
            return true;
        Return(bytes);
        return false;
    }

    public void Return(int bytes) => Interlocked.Add(ref _used, -bytes);
}
