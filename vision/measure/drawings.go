//go:build vision

package main

// learned are the drawings that the weights are fitted to.
func learned() []drawing {
	return []drawing{
		{"nothing", "", func(float64, float64) float64 { return 0 }, nil},
		{"clear spectacles, dark", "", rims, plain(40, 35, 35)},
		{"surgical mask, blue", "mouth", maskShape, pleated(215, 190, 150)},
		{"mask, black", "mouth", maskShape, plain(30, 28, 28)},
		{
			"mask, patterned",
			"mouth",
			maskShape,
			checked([3]float64{60, 40, 170}, [3]float64{200, 210, 220}, 7),
		},
		{
			"scarf, grey",
			"mouth",
			scarfShape,
			checked([3]float64{95, 95, 100}, [3]float64{120, 120, 125}, 4),
		},
		{"mask, skin-coloured", "mouth", maskShape, nil},
		{"sunglasses, black", "eyes", glassesShape(19, 15, 2.5), plain(22, 20, 20)},
		{
			"sunglasses, brown, seen through",
			"eyes",
			partly(0.8, glassesShape(18, 14, 2.2)),
			plain(25, 40, 60),
		},
		{"band over the eyes, white", "eyes", bandShape, plain(225, 228, 230)},
		{"cap over the eyes, black", "eyes", capShape, plain(35, 30, 30)},
	}
}

// fresh are drawings of other kinds and colours, used for judging only.
func fresh() []drawing {
	return []drawing{
		{"clear spectacles, gold", "", rims, plain(70, 140, 175)},
		{"surgical mask, white", "mouth", maskShape, pleated(228, 230, 230)},
		{"mask, pink", "mouth", maskShape, plain(190, 160, 235)},
		{"mask under the nose, blue", "mouth", lowShape, pleated(215, 190, 150)},
		{
			"scarf, red and white",
			"mouth",
			scarfShape,
			checked([3]float64{40, 30, 160}, [3]float64{215, 215, 220}, 6),
		},
		{"hand over the mouth", "mouth", handShape, nil},
		{"sunglasses, mirrored", "eyes", glassesShape(19, 15, 2.5), mirrored},
		{"sunglasses, square, dark blue", "eyes", glassesShape(20, 15, 5), plain(60, 35, 30)},
		{
			"band over the eyes, patterned",
			"eyes",
			bandShape,
			checked([3]float64{40, 120, 40}, [3]float64{180, 200, 60}, 6),
		},
		{"hand over the eyes", "eyes", bandShape, nil},
	}
}
