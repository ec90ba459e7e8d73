using IngressController.Tests.Forwarding;
using IngressController.Upstream;

namespace IngressController.Tests.Upstream;

/// <summary>Retries are a share of the requests of a backend.</summary>
public sealed class RetryBudgetTests
{
    private readonly FailureLogTests.Clock _clock = new();

    private static int Take(RetryBudget budget, uint requests)
    {
        var taken = 0;
        while (budget.TryTake(requests))
            taken++;
        return taken;
    }

    [Fact]
    public void A_fifth_of_the_requests_can_be_retried()
    {
        var budget = new RetryBudget(_clock);
        Take(budget, 0);
        Assert.Equal(10, Take(budget, 50));
        Assert.Equal(0, Take(budget, 54));
        Assert.Equal(1, Take(budget, 55));
    }

    [Fact]
    public void An_older_number_of_requests_earns_nothing()
    {
        var budget = new RetryBudget(_clock);
        Take(budget, 100);
        Assert.Equal(0, Take(budget, 98));
        Assert.Equal(0, Take(budget, 100));
        Assert.Equal(1, Take(budget, 105));
    }

    [Fact]
    public void The_number_of_requests_wraps_around()
    {
        var budget = new RetryBudget(_clock);
        Take(budget, uint.MaxValue - 4);
        Assert.Equal(2, Take(budget, 5));
    }

    [Fact]
    public void A_backend_with_few_requests_has_ten_retries_a_second_and_a_hundred_at_once()
    {
        var budget = new RetryBudget(_clock);
        Assert.Equal(100, Take(budget, 1));
        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(10, Take(budget, 1));
        _clock.Now += TimeSpan.FromHours(1);
        Assert.Equal(100, Take(budget, 1_000_000));
    }

    [Fact]
    public void Returned_retries_can_be_taken_again_up_to_the_maximum()
    {
        var budget = new RetryBudget(_clock);
        Take(budget, 0);
        budget.Return(3);
        Assert.Equal(3, Take(budget, 0));
        budget.Return(500);
        Assert.Equal(100, Take(budget, 0));
    }

    [Fact]
    public void The_count_of_requests_can_wrap_around()
    {
        var budget = new RetryBudget(_clock);
        Take(budget, uint.MaxValue - 9);
        Assert.Equal(4, Take(budget, 10));
    }
}
