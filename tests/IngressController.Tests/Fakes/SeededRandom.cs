namespace IngressController.Tests.Fakes;

/// <summary>Repeatable numbers for requests on any thread.</summary>
internal sealed class SeededRandom(int seed) : Random
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public override int Next(int maxValue)
    {
        lock (_lock)
            return _random.Next(maxValue);
    }

    public override double NextDouble()
    {
        lock (_lock)
            return _random.NextDouble();
    }
}
